"""When a test looks at its data, and how sure it must be at each look.

Three looks share one error of 5 % evenly (Bonferroni), so each asks for a one-sided 98.3 %. Every interval of the
protocol is made of two such one-sided bounds, so a gate may be moved after the fact without a new look.
"""

from __future__ import annotations

from edgewright.core.statistics import quantiles

ERROR = 0.05
LOOKS = 3
ONE_SIDED = ERROR / LOOKS

ROUND_LOOKS = (7, 12, 20)
"""Interleaved rounds after which speed is judged."""

ITEM_LOOKS = (400, 800, 1600)
"""Items of a task after which accuracy is judged."""

TEXT_LOOKS = (2048, 4096, 8192)
"""Tokens of a text after which accuracy is judged: positions are cheaper than items, and each tells less."""


def z() -> float:
    """The normal quantile of one look, 2.128."""
    return quantiles.normal(1.0 - ONE_SIDED)


def t(freedom: int) -> float:
    """Student's quantile of one look."""
    return quantiles.student(freedom, 1.0 - ONE_SIDED)


def next_look(done: int, looks: tuple[int, ...]) -> int | None:
    """The first look after ``done``; None after the last."""
    return next((look for look in looks if look > done), None)
