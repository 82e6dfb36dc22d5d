"""One timed block of one build in a fresh process. Never cached: only blocks of one round are comparable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright.core.jobs.results import BenchResult, Failure, FailureKind
from edgewright.core.measurement.records import Block
from edgewright.ports import Backend, Context


def bench(context: Context, backend: Backend, job: Any, log: Path) -> Block | Failure:
    """The block of a task's timing job, or why there is none."""
    result = context.ask(backend.toolchain, job, BenchResult, log=log)
    if isinstance(result, Failure):
        return result
    if not result.block.requests:
        reason = "The timed process finished no request."
        return Failure(failure=FailureKind.FAILED, reason=reason, log=str(log))
    return result.block
