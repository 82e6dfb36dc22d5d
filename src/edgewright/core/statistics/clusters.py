"""Which items stand or fall together.

Neighbouring positions of a text share their context, so their errors are not independent. Runs of 32 positions within a
window are one cluster: standard errors come from the scatter between clusters, never from single positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUN = 32


def runs(windows: Sequence[int], run: int = RUN) -> NDArray[np.int64]:
    """The cluster of each position, for windows of these many scored positions; a short rest joins the run before."""
    found: list[NDArray[np.int64]] = []
    first = 0
    for size in windows:
        count = max(size // run, 1)
        found.append(first + np.minimum(np.arange(size) // run, count - 1))
        first += count
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def totals(values: NDArray[np.float64], clusters: NDArray[np.int64]) -> NDArray[np.float64]:
    """The sum of each cluster."""
    sums: NDArray[np.float64] = np.bincount(clusters, weights=values).astype(np.float64)
    return sums
