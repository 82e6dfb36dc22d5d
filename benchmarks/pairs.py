"""Two ways to measure the same thing, in pairs: until their ratio is known well enough."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from scipy.stats import binom

from edgewright.core.statistics.looks import ONE_SIDED

LOOKS = (12, 24, 48)
"""Pairs after which is looked whether the ratio is known well enough."""


@dataclass(frozen=True)
class Ratio:
    """Median of the pairs' ratios; its interval is one of three looks that share an error of 5 % on each side.

    A median, because on a shared machine some processes of either side are slower than others of the same program for as
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
            found = Ratio(median(ratios), *_interval(ratios), count)
            if found.within(low, high) or found.high < low or found.low > high or count == LOOKS[-1]:
                return found


def _interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Of their median, whatever their distribution: as many pairs lie below it as a coin shows heads."""
    beyond = max(int(binom.ppf(ONE_SIDED, len(ratios), 0.5)), 1)
    ordered = sorted(ratios)
    return ordered[beyond - 1], ordered[-beyond]


def one_after_the_other(ours: Callable[[], float], theirs: Callable[[], float]) -> Callable[[], Pair]:
    """Pairs that lie next to each other in time, in a random order."""
    rng = random.Random(0)  # an order of measurements

    def pair() -> Pair:
        figures: dict[int, float] = {}
        for side in rng.sample((0, 1), 2):
            figures[side] = (ours, theirs)[side]()
        return figures[0], figures[1]

    return pair
