"""How long a run still takes: the pace so far, spread over the work that is left. An estimate, and shown as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from edgewright.core.jobs.results import Progress
from edgewright.core.run import Status, Trial
from edgewright.ports import Clock, Reporter
from edgewright.reasons import Reason

_BUILD, _BLOCK, _FULL_BLOCK = 2.0, 1.0, 3.0
"""Units of work: a build with its scoring, a block of the search, a block of the confirmation."""


def units_left(trials: list[Trial], confirming_rounds: int) -> float:
    """Units of work that a run's trials still need, with a confirmation of two builds beside the original, twice."""
    unbuilt = [t for t in trials if t.status is Status.PLANNED]
    unscored = [t for t in trials if t.status is Status.BUILT]
    untimed = [t for t in trials if t.status in {Status.PLANNED, Status.BUILT, Status.SCORED}]
    first = len(untimed) + len({t.recipe.framework for t in untimed})
    confirming = 0.0 if any(t.confirmed for t in trials) else _FULL_BLOCK * 4 * confirming_rounds
    return _BUILD * len(unbuilt) + _BUILD / 2 * len(unscored) + _BLOCK * first + confirming


_TELLING = 0.08
"""An estimate from less than this share of the work would only alarm."""


class Estimating:
    """A reporter that adds the estimated time left to each step."""

    def __init__(self, inner: Reporter, clock: Clock, left: Callable[[], float]) -> None:
        self._inner = inner
        self._clock = clock
        self._left = left
        self._started_s = clock.monotonic_s()
        self._aside_s: float | None = None
        self._total = left()

    def phase(self, text: str, *, left_s: float | None = None, because: Sequence[Reason] = ()) -> None:
        """A step begins."""
        left = self._left()
        done = self._total - left
        if left_s is None and done > _TELLING * self._total:
            now_s = self._clock.monotonic_s() if self._aside_s is None else self._aside_s
            left_s = (now_s - self._started_s) / done * left
        self._inner.phase(text, left_s=left_s, because=because)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Steps that are none of the units, such as installing: the time they take says nothing of the pace."""
        self._aside_s = self._clock.monotonic_s()
        try:
            yield
        finally:
            self._started_s += self._clock.monotonic_s() - self._aside_s
            self._aside_s = None

    def tell(self, progress: Progress) -> None:
        """Handed on."""
        self._inner.tell(progress)

    def trial(self, trial: Trial) -> None:
        """Handed on."""
        self._inner.trial(trial)
