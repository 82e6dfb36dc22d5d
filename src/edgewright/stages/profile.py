"""One request of one build under its runtime's own profiler; and what this host can do at best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.jobs import (
    CapabilityJob,
    CapabilityResult,
    Failure,
    FailureKind,
    ProfileJob,
    ProfileResult,
)
from edgewright.core.profile import OperatorProfile
from edgewright.core.recipe import Option
from edgewright.core.roofline import Capability
from edgewright.ports import Backend, Workshop

_TIMEOUT_S = 600.0


def profile(
    shop: Workshop,
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
    result = shop.runner.run(backend.toolchain, job, log=log, tell=shop.reporter.tell, timeout_s=_TIMEOUT_S)
    return result.profile if isinstance(result, ProfileResult) else _failure(result, log)


def capability(shop: Workshop, backend: Backend, log: Path) -> Capability | Failure:
    """Bandwidth and FLOP/s of this host, measured in a framework's environment."""
    job = CapabilityJob()
    result = shop.runner.run(backend.toolchain, job, log=log, tell=shop.reporter.tell, timeout_s=_TIMEOUT_S)
    return result.capability if isinstance(result, CapabilityResult) else _failure(result, log)


def _failure(result: object, log: Path) -> Failure:
    if isinstance(result, Failure):
        return result
    reason = "The worker answered with something else."
    return Failure(failure=FailureKind.FAILED, reason=reason, log=str(log))
