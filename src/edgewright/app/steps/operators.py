"""One request of one build under its runtime's own profiler; and what this host can do at best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.jobs.requests import CapabilityJob, ProfileJob
from edgewright.core.jobs.results import CapabilityResult, Failure, ProfileResult
from edgewright.core.measurement.operators import OperatorProfile
from edgewright.core.prediction.roofline import Capability
from edgewright.core.recipe.recipes import Option
from edgewright.ports import Backend, Context


def profile(
    context: Context,
    backend: Backend,
    *,
    artifact: str,
    runtime: Mapping[str, Option],
    ids: tuple[int, ...],
    tokens: int,
    scratch: Path,
    log: Path,
) -> OperatorProfile | Failure:
    """The operators of a request, or why there are none."""
    job = ProfileJob(
        worker=backend.worker,
        artifact=artifact,
        runtime=runtime,
        ids=ids,
        tokens=tokens,
        scratch=str(scratch),
    )
    result = context.ask(backend.toolchain, job, ProfileResult, log=log)
    return result if isinstance(result, Failure) else result.profile


def capability(context: Context, backend: Backend, log: Path) -> Capability | Failure:
    """Bandwidth and FLOP/s of this host, measured in a framework's context."""
    job = CapabilityJob()
    result = context.ask(backend.toolchain, job, CapabilityResult, log=log)
    return result if isinstance(result, Failure) else result.capability
