"""One timed block of one build in a fresh process. Never cached: only blocks of one round are comparable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.jobs import BenchJob, BenchResult, Failure, FailureKind
from edgewright.core.measurement import FULL, Block, Pace, Workload
from edgewright.core.recipe import Option
from edgewright.ports import Backend, Workshop

_TIMEOUT_S = 900.0


def bench(
    shop: Workshop,
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
    result = shop.runner.run(backend.toolchain, job, log=log, tell=shop.reporter.tell, timeout_s=_TIMEOUT_S)
    if isinstance(result, Failure):
        return result
    if not isinstance(result, BenchResult) or not result.block.requests:
        return Failure(
            failure=FailureKind.FAILED, reason="The timed process finished no request.", log=str(log)
        )
    return result.block
