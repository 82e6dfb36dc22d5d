"""What can be said before anything is built: fit of each framework, memory, limits, strategy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.device.host import HostFacts
from edgewright.core.device.target import Target
from edgewright.core.model.facts import ModelFacts
from edgewright.reasons import Reason


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Whether a framework can build a model: ``works`` or not, why, and what it cannot quantize as named."""

    framework: str
    works: bool
    reasons: tuple[str, ...]
    quantization_notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MemoryEstimate:
    """Estimated bytes at one precision: weights, the KV cache of one sequence at ``context``, and whether it fits.

    ``fits`` is None where the target has no limit to compare it with.
    """

    precision: str
    bits_per_weight: float
    weight_bytes: int
    kv_cache_bytes: int
    context: int
    fits_memory: bool | None
    fits_package: bool | None

    @property
    def total_bytes(self) -> int:
        """Weights and KV cache; the runtime's own code and buffers come on top."""
        return self.weight_bytes + self.kv_cache_bytes


class Role(StrEnum):
    """A framework's place for a target; one that is ``OTHER`` is used if it is asked for by name only."""

    PRIMARY = "primary"
    FALLBACK = "fallback"
    CANDIDATE = "candidate"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A framework with its place for a target, and whether its toolchain runs on this host."""

    fit: Fit
    role: Role
    toolchain_supported: bool
    toolchain_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """The answer of ``edgewright assess``."""

    model: str
    facts: ModelFacts
    host: HostFacts
    target: Target
    memory: tuple[MemoryEstimate, ...]
    frameworks: tuple[Ranked, ...]
    strategy: tuple[str, ...]
    reason: Reason
    measured_here: bool
    unverified: Reason | None = None
