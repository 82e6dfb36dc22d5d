"""The interval of a median over timed blocks: what this machine gave while they ran."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from edgewright.core.statistics import quantiles
from edgewright.core.statistics.looks import ONE_SIDED, t


def median_interval(numbers: Sequence[float], *, error: float = ONE_SIDED) -> tuple[float, float, str]:
    """Bounds of the median of positive figures with that one-sided error, and how they were had; at least two are needed.

    Of n figures the smallest lies above the true median once in 2^n times. Where that is within the error (from six on at the
    usual one) two of the figures themselves bound it (how many lie below the true median is binomial with 1/2): nothing is
    assumed of how a host's speed varies. Fewer: Student's interval of the mean logarithm, which holds the median too.
    """
    ordered = np.sort(np.asarray(numbers, dtype=float))
    n, middle = len(ordered), float(median(numbers))
    if 0.5**n <= error:
        # the largest k with P(fewer than k below the median) within the error
        rank = quantiles.binomial(n, 0.5, error)
        return float(ordered[max(rank - 1, 0)]), float(ordered[min(n - rank, n - 1)]), "order statistics"
    logs = np.log(ordered)
    centre, half = float(logs.mean()), t(n - 1, error) * float(logs.std(ddof=1)) / math.sqrt(n)
    low, high = math.exp(centre - half), math.exp(centre + half)
    return min(low, middle), max(high, middle), "Student's t of the logarithms"
