"""Intervals of what has no formula: clusters are drawn again with replacement, and the figure computed anew."""

from __future__ import annotations

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


def quantile_interval(
    values: NDArray[np.float64], clusters: NDArray[np.int64], share: float
) -> tuple[float, float]:
    """One-sided 98.3 % bounds of a quantile, such as the median.

    The values are sorted once; a draw says how often each cluster's values count, and its quantile (linear between two
    values, as numpy's) is read off the running counts.
    """
    order = np.argsort(values)
    ordered, picks = values[order], _draws(int(clusters.max()) + 1)
    draws, groups = picks.shape
    flat = picks + groups * np.arange(draws)[:, None]
    often = np.bincount(flat.ravel(), minlength=draws * groups).reshape(draws, groups).astype(np.int32)
    reached = np.cumsum(np.take(often, clusters[order], axis=1), axis=1, dtype=np.int32)
    place = (reached[:, -1] - 1) * share
    below = np.floor(place).astype(np.int64)
    low, high = (
        ordered[(reached <= rank[:, None]).sum(axis=1)]
        for rank in (below, np.minimum(below + 1, reached[:, -1] - 1))
    )
    return _bounds(low + (high - low) * (place - below))


def _draws(groups: int) -> NDArray[np.int64]:
    return np.random.default_rng(_SEED).integers(0, groups, (_DRAWS, groups))


def _bounds(figures: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(figures, [ONE_SIDED, 1.0 - ONE_SIDED])
    return float(low), float(high)
