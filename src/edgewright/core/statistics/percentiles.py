"""Percentiles with intervals of order statistics, and none from too few samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgewright.core.statistics import quantiles
from edgewright.core.statistics.looks import ONE_SIDED

LEAST = {0.50: 20, 0.90: 36, 0.95: 72, 0.99: 368}
"""Fewest samples from which each percentile is given."""


def percentile(
    samples: Sequence[float], share: float, *, error: float = ONE_SIDED
) -> tuple[float, float, float] | None:
    """The percentile and the samples that bound it with that one-sided error; None from too few.

    The count of samples below the true percentile is binomial; its quantiles are the ranks of the bounds.
    """
    n = len(samples)
    if n < LEAST[share]:
        return None
    ordered = np.sort(np.asarray(samples, dtype=float))
    low = quantiles.binomial(n, share, error)
    high = quantiles.binomial(n, share, 1.0 - error) + 1
    middle = float(np.quantile(ordered, share))
    below = float(ordered[max(low - 1, 0)])
    above = float(ordered[high - 1]) if high <= n else math.inf
    return middle, min(below, middle), max(above, middle)
