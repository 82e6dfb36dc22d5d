"""Where a build's time goes: operators as its runtime's own profiler counts them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class OperatorTime:
    """All calls of one kind of operator in one phase; ``ms`` is their time together, in milliseconds."""

    operator: str
    calls: int
    ms: float


@dataclass(frozen=True, kw_only=True)
class PhaseProfile:
    """One phase of a profiled request: its wall time with the profiler on, and its operators, dearest first.

    ``matrix_ms`` is the part of the operators' time that is matrix multiplication (linear layers and attention).
    """

    wall_ms: float
    tokens: int
    operators: tuple[OperatorTime, ...]
    matrix_ms: float


@dataclass(frozen=True, kw_only=True)
class OperatorProfile:
    """Prefill and decode of one request under a profiler; ``method`` says in words which, and what it cannot see."""

    method: str
    prefill: PhaseProfile
    decode: PhaseProfile
