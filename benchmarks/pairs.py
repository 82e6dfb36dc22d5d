"""Two ways to measure the same thing, in pairs: until their ratio is known well enough."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from statistics import median

import numpy as np

from edgewright.core.statistics.looks import ONE_SIDED

LOOKS = (12, 24, 48)
"""Pairs after which is looked whether the ratio is known well enough."""


@dataclass(frozen=True)
class Ratio:
    """The Hodges-Lehmann estimate of the pairs' ratios; its interval is one of three looks that share an error of 5 % on each side.

    Not a mean, because on a shared machine some processes of either side are slower than others of the same program for as
    long as they live (docs/adr/0015).
    """

    value: float
    low: float
    high: float
    pairs: int

    def within(self, low: float, high: float) -> bool:
        """Whether the whole interval lies in there."""
        return low <= self.low and self.high <= high

    @property
    def note(self) -> str:
        """The interval in words."""
        return f"interval {self.low:.4f} to {self.high:.4f}, {self.pairs} pairs"


Pair = tuple[float, float]
"""Our figure and theirs."""


def ratio_in_pairs(
    low: float, high: float, pair: Callable[[], Pair], show: Callable[[float, float], str]
) -> Ratio:
    """Our figures over theirs.

    There are 12 pairs, and up to 48 while the interval is neither within the bounds nor without. None is left out for what
    the host did beside it.
    """
    ratios: list[float] = []
    while True:
        ours, theirs = pair()
        print(f"  {show(ours, theirs)}", flush=True)
        ratios.append(ours / theirs)
        if (count := len(ratios)) in LOOKS:
            found = Ratio(*_estimate(ratios), count)
            if found.within(low, high) or found.high < low or found.low > high or count == LOOKS[-1]:
                return found


def _estimate(ratios: Sequence[float]) -> tuple[float, float, float]:
    """The median of the means of any two logarithms, and its interval by the signed-rank distribution (Hodges and Lehmann 1963)."""
    logs = [math.log(ratio) for ratio in ratios]
    means = sorted((a + b) / 2 for a, b in combinations_with_replacement(logs, 2))
    beyond = max(_critical(len(logs)), 1)
    return math.exp(median(means)), math.exp(means[beyond - 1]), math.exp(means[-beyond])


def _critical(count: int) -> int:
    """How many of the lowest means lie outside: the signed-rank statistic stays below it with a probability under 5 % a look."""
    ways = np.ones(1)  # of reaching each sum of ranks by some of the first few
    for rank in range(1, count + 1):
        ways = np.pad(ways, (0, rank)) + np.pad(ways, (rank, 0))  # without it, and with it
    return int(np.searchsorted(np.cumsum(ways) / 2.0**count, ONE_SIDED, side="right"))


def one_after_the_other(ours: Callable[[], float], theirs: Callable[[], float]) -> Callable[[], Pair]:
    """Pairs that lie next to each other in time, in a random order."""
    rng = random.Random(0)  # an order of measurements

    def pair() -> Pair:
        figures: dict[int, float] = {}
        for side in rng.sample((0, 1), 2):
            figures[side] = (ours, theirs)[side]()
        return figures[0], figures[1]

    return pair
