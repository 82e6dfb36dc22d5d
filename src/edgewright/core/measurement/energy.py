"""Energy of a block, with how it was had: an estimate is never shown as measured, and never decides anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.measurement.quantity import METRICS, Label, Value, not_available
from edgewright.reasons import because, told

METRIC = "energy_j_per_token"


class EnergySource(StrEnum):
    """How a figure of energy came to be."""

    EXTERNAL = "measured-external"
    COUNTER = "measured-counter"
    MODEL = "estimated-model"
    NONE = "not-available"


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Joules over the timed requests, and the power of the idle machine around them; ``scope`` says whose they are.

    Idle power is that of the same counters; None where they count one process only, and in an estimate.
    """

    source: EnergySource
    scope: str
    joules: float | None = None
    idle_before_w: float | None = None
    idle_after_w: float | None = None
    seconds: float = 0.0
    reason: str = ""

    @property
    def idle_j(self) -> float | None:
        """What the idle machine would have used meanwhile: the mean of before and after."""
        if self.idle_before_w is None or self.idle_after_w is None:
            return None
        return (self.idle_before_w + self.idle_after_w) / 2.0 * self.seconds


def no_energy(reason: str) -> Energy:
    """Energy that could not be had, and why."""
    return Energy(source=EnergySource.NONE, scope="none", reason=reason)


def on_processor(device: str) -> bool:
    """Whether a session's device, in its runtime's words, is the processor alone."""
    name = device.lower()
    return "cpu" in name and "gpu" not in name


def energy_value(energy: Energy, tokens: int) -> Value:
    """Joules per token, gross; the method names source and scope, and the net figure where idle power is known."""
    if energy.joules is None or not tokens:
        return not_available(METRIC, told(energy.reason) if energy.reason else because("no_token_decoded"))
    estimated = energy.source is EnergySource.MODEL
    over = f"over {energy.seconds:.0f} s"
    return Value(
        value=energy.joules / tokens,
        unit=METRICS[METRIC].unit,
        label=Label.ESTIMATED if estimated else Label.MEASURED,
        method=f"{energy.source}, {energy.scope}, {over if estimated else f'gross {over}{_net(energy, tokens)}'}",
        n=tokens,
    )


def _net(energy: Energy, tokens: int) -> str:
    if energy.joules is None or energy.idle_j is None:
        return "; net unknown: idle power is not counted"
    net = (energy.joules - energy.idle_j) / tokens
    return (
        f"; net {net:.4g} J/token, idle power {energy.idle_before_w:.1f} W before "
        f"and {energy.idle_after_w:.1f} W after"
    )
