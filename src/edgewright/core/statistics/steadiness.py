"""Whether a build's speed is steady: within a request, between processes, and over the run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgewright.core.statistics import quantiles
from edgewright.core.statistics.looks import EARLY_STEADY_SHARES, ONE_SIDED, t
from edgewright.core.statistics.percentiles import percentile

Figure = tuple[float, float, float]
"""A figure with its lower and upper bound."""


def latency_variation(latencies: Sequence[float], *, error: float = ONE_SIDED) -> Figure | None:
    """p95/p50 - 1 of pooled inter-token latencies, with the bounds of the p95; None from fewer than 72."""
    middle, tail = percentile(latencies, 0.50), percentile(latencies, 0.95, error=error)
    if middle is None or tail is None:
        return None
    value, low, high = (bound / middle[0] - 1.0 for bound in tail)
    return value, low, high


def block_variation(speeds: Sequence[float], *, error: float = ONE_SIDED) -> Figure | None:
    """Standard deviation of blocks' log speeds (their coefficient of variation), chi-square bounds; needs three."""
    n = len(speeds)
    if n < 3:
        return None
    spread = float(np.std(np.log(speeds), ddof=1))
    low, high = (
        spread * math.sqrt((n - 1) / quantiles.chi_square_above(n - 1, p)) for p in (error, 1.0 - error)
    )
    return spread, low, high


def drift(speeds: Sequence[float], *, error: float = ONE_SIDED) -> Figure | None:
    """Size of the change from the first to the last block by a fitted line through log speeds; needs four."""
    n = len(speeds)
    if n < 4:
        return None
    x = np.arange(n) - (n - 1) / 2
    y = np.log(speeds)
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    spread = math.sqrt(float(rest @ rest) / (n - 2) / float(x @ x))
    change, half = abs(slope) * (n - 1), t(n - 2, error) * spread * (n - 1)
    return change, max(change - half, 0.0), change + half


def early_share(rounds: int) -> float | None:
    """What share of a bound a figure between blocks must keep to pass after so few rounds; None where the whole bound counts.

    The first looks add chances to pass. With these shares a build that varies by twice the bound still passes in at most 6 % of
    confirmations, as it does after seven rounds in 4 %.
    """
    return EARLY_STEADY_SHARES.get(rounds)
