"""Timing of text generation: greedy requests that begin with given ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgewright.core.jobs.requests import BenchJob
from edgewright.core.measurement.records import Pace, Workload
from edgewright.ports.task import Subject


def on_ids(ids: Sequence[int]) -> Callable[[Subject, Workload, Pace], BenchJob]:
    """The job of any subject, on these ids."""

    def job(subject: Subject, workload: Workload, pace: Pace) -> BenchJob:
        return BenchJob(
            worker=subject.worker,
            artifact=subject.artifact,
            runtime=subject.runtime,
            ids=tuple(ids[: workload.prompt_tokens]),
            workload=workload,
            pace=pace,
        )

    return job
