"""One request of one build under its runtime's own profiler; and what this host can do at best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgewright.core.answers import CapabilityResult, Failure, ProfileResult
from edgewright.core.jobs import CapabilityJob, ProfileJob
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
    result = shop.ask(backend.toolchain, job, ProfileResult, log=log, timeout_s=_TIMEOUT_S)
    return result if isinstance(result, Failure) else result.profile


def capability(shop: Workshop, backend: Backend, log: Path) -> Capability | Failure:
    """Bandwidth and FLOP/s of this host, measured in a framework's environment."""
    job = CapabilityJob()
    result = shop.ask(backend.toolchain, job, CapabilityResult, log=log, timeout_s=_TIMEOUT_S)
    return result if isinstance(result, Failure) else result.capability
