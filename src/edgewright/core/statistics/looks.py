"""When a test looks at its data, and how sure it must be at each look.

Three looks share one error of 5 % evenly (Bonferroni), so each asks for a one-sided 98.3 %. Every interval of the
protocol is made of two such one-sided bounds, so a gate may be moved after the fact without a new look.

Because the three look at the same data again, they spend about 4 % of the 5 % together. Two early looks at rounds may spend
0.2 % each of what is left: they end what is far from every bound (ADR 24).
"""

from __future__ import annotations

from edgewright.core.statistics import quantiles

ERROR = 0.05
LOOKS = 3
ONE_SIDED = ERROR / LOOKS

ROUND_LOOKS = (7, 12, 20)
"""Interleaved rounds after which speed is judged."""

EARLY_LOOKS = (3, 5)
"""Rounds of a confirmation after which only what is far from every bound is decided."""

EARLY_ONE_SIDED = 0.002

EARLY_STEADY_SHARES = {3: 0.0, 5: 2 / 3}
"""The share of a bound on scatter between blocks, or drift, that a figure from so few must keep to pass at an early look."""

ITEM_LOOKS = (400, 800, 1600)
"""Items of a task after which accuracy is judged."""

TEXT_LOOKS = (2048, 4096, 8192)
"""Tokens of a text after which accuracy is judged: positions are cheaper than items, and each tells less."""


def error_at(rounds: int) -> float:
    """The one-sided error that a look after so many rounds may make."""
    return EARLY_ONE_SIDED if rounds in EARLY_LOOKS else ONE_SIDED


def confidence(error: float) -> str:
    """How sure a bound of that error is, in words."""
    return f"{100.0 * (1.0 - error):.1f} %"


def z(error: float = ONE_SIDED) -> float:
    """The normal quantile of one look, 2.128."""
    return quantiles.normal(1.0 - error)


def t(freedom: int, error: float = ONE_SIDED) -> float:
    """Student's quantile of one look."""
    return quantiles.student(freedom, 1.0 - error)


def next_look(done: int, looks: tuple[int, ...]) -> int | None:
    """The first look after ``done``; None after the last."""
    return next((look for look in looks if look > done), None)
