"""Two ways to measure the same thing, in pairs that lie next to each other in time."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgewright.core.noise import LIMITS, Sentinel
from edgewright.core.statistics.ratio import log_interval
from edgewright.worker.host import sentinel

LOOKS = (12, 24, 36)
"""Pairs after which is looked whether the ratio is known well enough."""
_ATTEMPTS = 4
"""Times the pairs asked for: so often is one repeated that the host's own speed changed beside."""


@dataclass(frozen=True)
class Ratio:
    """Geometric mean of the pairs' ratios; its interval is one of three looks that share an error of 5 % on each side."""

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


def ratio_in_pairs(
    low: float,
    high: float,
    ours: Callable[[], float],
    theirs: Callable[[], float],
    show: Callable[[float, float], str],
) -> Ratio:
    """Our figures over theirs: 12 pairs, and up to 36 while the interval is neither within the bounds nor without.

    Raises:
        RuntimeError: the host's speed changed beside too many pairs.
    """
    logs: list[float] = []
    for mine, other in _pairs(LOOKS[-1], ours, theirs, show):
        logs.append(math.log(mine / other))
        if len(logs) in LOOKS:
            mean, half, _ = log_interval(logs)
            found = Ratio(math.exp(mean), math.exp(mean - half), math.exp(mean + half), len(logs))
            if found.within(low, high) or found.high < low or found.low > high:
                break
    return found


def _pairs(
    count: int, ours: Callable[[], float], theirs: Callable[[], float], show: Callable[[float, float], str]
) -> Iterator[tuple[float, float]]:
    """Pairs in a random order, one side directly after the other.

    A pair counts where the host was as fast before it as after it, by a fixed piece of work that knows nothing of
    either side; else it is repeated.
    """
    rng = random.Random(0)  # an order of measurements
    given = 0
    after = _fixed_work()
    for _ in range(_ATTEMPTS * count):
        if given == count:
            return
        before = after
        figures: dict[int, float] = {}
        for side in rng.sample((0, 1), 2):
            figures[side] = (ours, theirs)[side]()
        after = _fixed_work()
        off = _change(before, after)
        counts = abs(off) <= LIMITS.sentinel
        again = "" if counts else f"; repeated, the host's speed changed by {off:+.0%}"
        print(f"  {show(figures[0], figures[1])}{again}", flush=True)
        if counts:
            given += 1
            yield figures[0], figures[1]
    raise RuntimeError(f"the host's speed changed beside all but {given} of {_ATTEMPTS * count} pairs")


def _fixed_work() -> Sentinel:
    done = sentinel()
    if done is None:
        raise RuntimeError("the fixed work that shows the host's own speed could not be run")
    return done


def _change(before: Sentinel, after: Sentinel) -> float:
    """The larger relative change of the two rates."""
    changes = (after.gflop_s / before.gflop_s - 1.0, after.read_gb_s / before.read_gb_s - 1.0)
    return max(changes, key=abs)
