"""One timed block of one build in a fresh process. Never cached: only blocks of one round are comparable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.jobs.requests import BenchJob
from edgewright.core.jobs.results import BenchResult, Failure, FailureKind
from edgewright.core.measurement.records import FULL, Block, Pace, Workload
from edgewright.core.recipe.recipes import Option
from edgewright.ports import Backend, Context

_TIMEOUT_S = 900.0


def bench(
    context: Context,
    backend: Backend,
    *,
    artifact: str,
    runtime: Mapping[str, Option],
    ids: tuple[int, ...],
    workload: Workload,
    pace: Pace = FULL,
    log: Path,
) -> Block | Failure:
    """A block of requests, or why there is none."""
    job = BenchJob(
        worker=backend.worker,
        artifact=artifact,
        runtime=runtime,
        ids=ids[: workload.prompt_tokens],
        workload=workload,
        pace=pace,
    )
    result = context.ask(backend.toolchain, job, BenchResult, log=log, timeout_s=_TIMEOUT_S)
    if isinstance(result, Failure):
        return result
    if not result.block.requests:
        reason = "The timed process finished no request."
        return Failure(failure=FailureKind.FAILED, reason=reason, log=str(log))
    return result.block
