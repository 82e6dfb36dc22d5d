"""What limits a build, by rules on its profile; and what to change, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edgewright.core import knowledge
from edgewright.core.measurement.operators import PhaseProfile
from edgewright.core.prediction.roofline import Bound
from edgewright.reasons import Reason, because

BOUND_SHARE, COMPUTE_SHARE, MATRIX_SHARE = 0.6, 0.5, 0.6
DOUBLING_GAIN, OPERATOR_SHARE = 0.15, 0.7
CPU_HIGH, MEMORY_HIGH, VARIATION_HIGH = 0.80, 0.90, 0.20


class Limit(StrEnum):
    """What a phase waits for."""

    MEMORY = "memory-bound"
    COMPUTE = "compute-bound"
    OVERHEAD = "overhead-bound"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, kw_only=True)
class Bottleneck:
    """What limits a phase, and the figures that say so."""

    limit: Limit
    figures: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Advice:
    """One thing to change: the setting, the change, and what it should gain, with the rule that called for it."""

    when: str
    setting: str
    change: str
    gain: str
    expected: float | None = None


def decode_limit(
    speed: float, bound: Bound, doubling_gain: float | None, phase: PhaseProfile | None
) -> Bottleneck:
    """Decoding: memory-bound at 0.6 of its bound where twice the threads gain under 15 %."""
    share = None if bound.tok_s is None else speed / bound.tok_s
    figures = [because("share_of_bandwidth", share=share) if share is not None else _missing(bound)]
    if doubling_gain is not None:
        figures.append(because("doubling_threads", gain=doubling_gain))
        if share is not None and share >= BOUND_SHARE and doubling_gain < DOUBLING_GAIN:
            return Bottleneck(limit=Limit.MEMORY, figures=tuple(figures))
    return _overhead(phase) or Bottleneck(limit=Limit.UNDETERMINED, figures=tuple(figures))


def _missing(bound: Bound) -> Reason:
    return bound.reason or because("no_bound")


def prefill_limit(speed: float, bound: Bound, phase: PhaseProfile | None) -> Bottleneck:
    """Prefill: compute-bound at half of the host's FLOP/s with 60 % of the operators' time in matrix products."""
    share = None if bound.tok_s is None else speed / bound.tok_s
    total = sum(o.ms for o in phase.operators) if phase else 0.0
    matrix = phase.matrix_ms / total if phase and total else None
    figures = (
        because("share_of_compute", share=share) if share is not None else _missing(bound),
        because("share_in_products", share=matrix) if matrix is not None else because("no_operators"),
    )
    if share is not None and share >= COMPUTE_SHARE and matrix is not None and matrix >= MATRIX_SHARE:
        return Bottleneck(limit=Limit.COMPUTE, figures=figures)
    return _overhead(phase) or Bottleneck(limit=Limit.UNDETERMINED, figures=figures)


def _overhead(phase: PhaseProfile | None) -> Bottleneck | None:
    """Operators that take less than 70 % of the time leave the rest to everything around them."""
    if phase is None or not phase.wall_ms:
        return None
    share = sum(o.ms for o in phase.operators) / phase.wall_ms
    if share >= OPERATOR_SHARE:
        return None
    return Bottleneck(limit=Limit.OVERHEAD, figures=(because("operators_share", share=share),))


def conditions(
    decode: Bottleneck,
    prefill: Bottleneck,
    *,
    cpu_share: float,
    memory_share: float,
    variation: float | None,
    doubling_gain: float | None,
) -> tuple[str, ...]:
    """The named conditions that hold; the table of advice is keyed by them."""
    found = {
        f"decode {decode.limit}": decode.limit is not Limit.UNDETERMINED,
        f"prefill {prefill.limit}": prefill.limit is not Limit.UNDETERMINED,
        "processor over 80 %": cpu_share > CPU_HIGH,
        "memory over 90 %": memory_share > MEMORY_HIGH,
        "variation over 20 %": variation is not None and variation > VARIATION_HIGH,
        "threads gain little": doubling_gain is not None and doubling_gain < DOUBLING_GAIN,
    }
    return tuple(name for name, holds in found.items() if holds)


def advice(holding: tuple[str, ...], framework: str, figures: Mapping[str, float]) -> tuple[Advice, ...]:
    """The table's rows whose condition holds and whose framework is this one, with their gains worked out.

    ``figures``: ``bits`` per weight now, ``bound`` the share of the decode bound, ``threads``.
    """
    return tuple(
        _worked_out(row, figures)
        for row in knowledge.table("advice")["advice"]
        if row["when"] in holding
        and framework in row.get("frameworks", [framework])
        and all(figures.get(name, 0.0) > least for name, least in row.get("above", {}).items())
    )


def _worked_out(row: Mapping[str, str], figures: Mapping[str, float]) -> Advice:
    expected = None
    gain = str(row["gain"])
    if "to_bits" in row:
        expected = figures["bits"] / float(row["to_bits"])
        gain = gain.format(factor=expected, bits=figures["bits"])
    return Advice(
        when=row["when"], setting=row["setting"], change=row["change"], gain=gain, expected=expected
    )
