"""A profiled request in its two phases, and operators' times summed within one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from edgewright.core.measurement.operators import OperatorTime, PhaseProfile
from edgewright.ports import Session


class Tally:
    """Calls and milliseconds by operator."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._ms: dict[str, float] = {}

    def add(self, operator: str, ms: float, calls: int = 1) -> None:
        """Count ``calls`` that took ``ms`` together."""
        self._calls[operator] += calls
        self._ms[operator] = self._ms.get(operator, 0.0) + ms

    def phase(self, tokens: int, wall_ms: float, is_matrix: Callable[[str], object]) -> PhaseProfile:
        """The phase that these operators made up; ``is_matrix`` says of a name whether it multiplies matrices."""
        dearest = sorted(self._ms.items(), key=lambda item: -item[1])
        return PhaseProfile(
            wall_ms=wall_ms,
            tokens=tokens,
            operators=tuple(
                OperatorTime(operator=name, calls=self._calls[name], ms=ms) for name, ms in dearest
            ),
            matrix_ms=sum(ms for name, ms in dearest if is_matrix(name)),
        )


def phases(session: Session, ids: Sequence[int], tokens: int) -> Iterator[tuple[int, float]]:
    """One request, phase by phase: yields the tokens and milliseconds of the prefill, then those of the decoding.

    The prefill ends with the first id; what computes stands still between the two.
    """
    steps = session.generate(ids, tokens)
    for count, part in ((len(ids), islice(steps, 1)), (tokens - 1, steps)):
        began = time.perf_counter()
        for _ in part:
            pass
        yield count, (time.perf_counter() - began) * 1000.0


def warm_up(session: Session, ids: Sequence[int], tokens: int) -> None:
    """The beginning of the same request, not counted: first calls pay for what later ones find ready."""
    for _ in islice(session.generate(ids, tokens), 2):
        pass
