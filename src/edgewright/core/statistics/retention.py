"""How much of the original's accuracy a build keeps, from the same items answered by both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgewright.core.measurement.quantity import Label, Value, not_available
from edgewright.core.statistics import quantiles
from edgewright.core.statistics.clusters import totals
from edgewright.core.statistics.looks import ONE_SIDED, t
from edgewright.reasons import because

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 25
"""Below this many items that only one of the two answers rightly, the normal approximation is not trusted."""

CHANCE_MARGIN = 0.05


def retained(
    correct: Sequence[bool],
    reference: Sequence[bool],
    clusters: NDArray[np.int64] | None = None,
    *,
    metric: str = "accuracy_retained",
) -> Value:
    """The ratio of a build's accuracy to the original's, with an interval of two one-sided 98.3 % bounds.

    With c and b the right answers of build and original, the interval holds every r for which mean(c - r b) is within
    t standard errors of zero (Fieller), the error taken between ``clusters`` (default: each item its own). A bound above
    0.95 is thus the test that mean(c - 0.95 b) > 0. With fewer than 25 discordant items the bounds are exact ones of the
    shares lost and gained (Clopper and Pearson).
    """
    c, b = np.asarray(correct, dtype=float), np.asarray(reference, dtype=float)
    n, mean_b = len(c), float(b.mean()) if len(b) else 0.0
    if mean_b == 0.0:
        return not_available(metric, because("original_never_right"))
    lost, gained = int((b > c).sum()), int((c > b).sum())
    places = np.arange(n) if clusters is None else clusters
    groups = int(places.max()) + 1
    if lost + gained < FEW or groups < 2:
        low, high = _exact(lost, gained, n, mean_b)
        how = f"exact bounds ({lost} lost, {gained} gained)"
    else:
        low, high = _fieller(c, b, places)
        how = f"Fieller's interval over {groups} {'items' if groups == n else 'clusters'}"
    return Value(
        value=float(c.mean()) / mean_b,
        unit="1",
        label=Label.DERIVED,
        method=f"ratio of accuracies on the same {n} items, one-sided 98.3 % bounds: {how}",
        n=n,
        ci_low=low,
        ci_high=high,
    )


def _fieller(
    c: NDArray[np.float64], b: NDArray[np.float64], clusters: NDArray[np.int64]
) -> tuple[float, float]:
    """Every r with |mean(c - r b)| <= t SE(r): the roots of a quadratic in r."""
    n = len(c)
    size = totals(np.ones(n), clusters)
    groups = len(size)
    mean_c, mean_b = float(c.mean()), float(b.mean())
    u, v = totals(c, clusters) - size * mean_c, totals(b, clusters) - size * mean_b
    k = t(groups - 1) ** 2 * groups / (groups - 1) / n**2
    a2 = mean_b**2 - k * float(v @ v)
    a1 = mean_c * mean_b - k * float(u @ v)
    a0 = mean_c**2 - k * float(u @ u)
    root = a1**2 - a2 * a0
    if a2 <= 0.0 or root < 0.0:
        return 0.0, math.inf
    return (a1 - math.sqrt(root)) / a2, (a1 + math.sqrt(root)) / a2


def _exact(lost: int, gained: int, n: int, mean_b: float) -> tuple[float, float]:
    """Bounds of 1 - (share lost - share gained) / mean(b), half of the error spent on each share."""
    half = ONE_SIDED / 2
    low = 1.0 - (_upper(lost, n, half) - _lower(gained, n, half)) / mean_b
    high = 1.0 + (_upper(gained, n, half) - _lower(lost, n, half)) / mean_b
    return max(low, 0.0), high


def _upper(count: int, n: int, error: float) -> float:
    return 1.0 if count >= n else quantiles.beta(count + 1, n - count, 1.0 - error)


def _lower(count: int, n: int, error: float) -> float:
    return 0.0 if count <= 0 else quantiles.beta(count, n - count + 1, error)


def above_chance(reference: Sequence[bool], chance: float) -> bool:
    """Whether the original's accuracy is surely 5 points above guessing; below that nothing can be retained."""
    return _lower(sum(reference), len(reference), ONE_SIDED) > chance + CHANCE_MARGIN
