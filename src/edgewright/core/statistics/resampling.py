"""Intervals of what has no formula: clusters are drawn again with replacement, and the figure computed anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from edgewright.core.statistics.looks import ONE_SIDED

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DRAWS = 1000
_SEED = 20


def mean_interval(values: NDArray[np.float64], clusters: NDArray[np.int64]) -> tuple[float, float]:
    """One-sided 98.3 % bounds of a mean, by cluster sums: quick for many items."""
    sums, sizes = np.bincount(clusters, weights=values), np.bincount(clusters)
    picks = _draws(len(sizes))
    means = sums[picks].sum(axis=1) / sizes[picks].sum(axis=1)
    return _bounds(means)


def interval(
    values: NDArray[np.float64],
    clusters: NDArray[np.int64],
    figure: Callable[[NDArray[np.float64]], float],
) -> tuple[float, float]:
    """One-sided 98.3 % bounds of any figure of the values, such as a median."""
    groups = [values[clusters == k] for k in range(int(clusters.max()) + 1)]
    results = [figure(np.concatenate([groups[k] for k in pick])) for pick in _draws(len(groups))]
    return _bounds(np.asarray(results))


def _draws(groups: int) -> NDArray[np.int64]:
    return np.random.default_rng(_SEED).integers(0, groups, (_DRAWS, groups))


def _bounds(figures: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(figures, [ONE_SIDED, 1.0 - ONE_SIDED])
    return float(low), float(high)
