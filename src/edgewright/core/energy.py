"""Energy of a block, with how it was had: an estimate is never shown as measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.quantity import METRICS, Label, Value, not_available


class EnergySource(StrEnum):
    """How a figure of energy came to be."""

    EXTERNAL = "measured-external"
    COUNTER = "measured-counter"
    MODEL = "estimated-model"
    NONE = "not-available"


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Joules over the timed requests, and the idle power beside them; ``scope`` says whose they are."""

    source: EnergySource
    scope: str
    joules: float | None = None
    idle_w: float | None = None
    seconds: float = 0.0
    reason: str = ""


def energy_value(energy: Energy, tokens: int) -> Value:
    """Joules per token, gross; the method names source and scope, and the net figure where idle power is known."""
    metric = "energy_j_per_token"
    if energy.joules is None or not tokens:
        return not_available(metric, energy.reason or "no counter was found")
    net = ""
    if energy.idle_w is not None:
        net = f"; net of {energy.idle_w:.1f} W idle: {(energy.joules - energy.idle_w * energy.seconds) / tokens:.4g} J/token"
    measured = energy.source in {EnergySource.COUNTER, EnergySource.EXTERNAL}
    return Value(
        value=energy.joules / tokens,
        unit=METRICS[metric].unit,
        label=Label.MEASURED if measured else Label.ESTIMATED,
        method=f"{energy.source}, {energy.scope}, gross over {energy.seconds:.0f} s{net}",
        n=tokens,
    )
