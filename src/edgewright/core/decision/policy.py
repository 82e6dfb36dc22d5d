"""One gate policy from search to certificate: which numbers a build must reach, and what is preferred among those that do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgewright.core.device.target import Limits
from edgewright.core.measurement.quantity import METRICS


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A bound on one metric; exactly one of ``at_least`` and ``at_most`` is set, in the metric's unit."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"{self.metric!r} is no metric; known: {', '.join(METRICS)}")
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"the gate on {self.metric} needs either at_least or at_most")

    @property
    def bound(self) -> float:
        """The number of whichever side is set."""
        return self.at_least if self.at_least is not None else float(self.at_most or 0.0)

    @property
    def sign(self) -> str:
        """How the bound reads."""
        return ">=" if self.at_least is not None else "<="

    def holds(self, value: float) -> bool:
        """Whether a value is on the right side; the bound itself is."""
        return value >= self.bound if self.at_least is not None else value <= self.bound


DEFAULT_GATES = (
    Gate(metric="accuracy_retained", at_least=0.95),
    Gate(metric="speedup", at_least=2.0),
    Gate(metric="memory_cut", at_least=0.5),
    Gate(metric="latency_variation", at_most=0.25),
    Gate(metric="block_variation", at_most=0.05),
    Gate(metric="latency_drift", at_most=0.10),
)

OBJECTIVES: Mapping[str, str] = {
    "speed": "decode_tok_s",
    "prefill": "prefill_tok_s",
    "latency": "ttft_ms",
    "accuracy": "kl_divergence",
    "memory": "peak_bytes",
    "size": "size_bytes",
    "energy": "energy_j_per_token",
}
"""What can be wished for, each with the metric that stands for it in text generation. Energy counts where it was measured."""

ALWAYS = ("speed", "accuracy", "memory")
"""The axes that every Pareto front has; what a policy wishes for beyond them is added."""


def limit_gates(limits: Limits) -> tuple[Gate, ...]:
    """What a target's device allows, as gates: peak memory, and size on disk where packages are limited."""
    bounds = {"peak_bytes": limits.memory_bytes, "size_bytes": limits.package_bytes}
    return tuple(Gate(metric=name, at_most=float(most)) for name, most in bounds.items() if most is not None)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Gates, and what is wished of the builds that pass them.

    ``prefer`` weighs objectives (any positive scale; weights are normalized). ``order`` comes before it where it is given:
    the first objective decides, the next among those that it cannot tell apart, and so on. ``strict`` recommends nothing
    whose gates are not all decided; otherwise the best of what no gate fails is recommended provisionally. ``axes`` are the
    metrics that stand for the objectives in the run's task.
    """

    gates: tuple[Gate, ...] = DEFAULT_GATES
    prefer: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(ALWAYS, 1.0))
    order: tuple[str, ...] = ()
    strict: bool = False
    axes: Mapping[str, str] = field(default_factory=lambda: dict(OBJECTIVES))

    @property
    def objectives(self) -> tuple[str, ...]:
        """The axes of the Pareto front: those of every front, and what is wished for beyond them."""
        wished = (*self.order, *(name for name, weight in self.prefer.items() if weight > 0.0))
        return tuple(dict.fromkeys((*ALWAYS, *wished)))

    def within(self, limits: Limits) -> Policy:
        """This policy with a device's limits as gates, where it has none of its own on the same metric."""
        named = {gate.metric for gate in self.gates}
        return replace(self, gates=(*self.gates, *(g for g in limit_gates(limits) if g.metric not in named)))
