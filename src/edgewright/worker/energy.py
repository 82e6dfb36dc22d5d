"""Energy of the timed requests, by what this machine lets us read; the idle machine is read before and after.

Counters are read between requests only. One that fails on the way leaves a reason, never a figure.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgewright.core.measurement.energy import Energy, EnergySource, no_energy, on_processor
from edgewright.worker.energy_counters import ACCELERATOR, PROCESSOR, Counter, Found, rapl
from edgewright.worker.energy_elsewhere import apple, nvidia

_IDLE_S = 5.0


def counters() -> Found:
    """What this system counts, and what it does not."""
    if sys.platform == "darwin":
        return apple(root=os.geteuid() == 0)
    if sys.platform == "win32":
        return Found(lack="no energy counter of the processor can be read on Windows") + nvidia()
    return rapl() + nvidia()


@dataclass(frozen=True)
class _Look:
    """All counters at one moment; None where one could not be read."""

    at_s: float
    joules: tuple[float | None, ...]


class EnergyWatch:
    """Idle power when it is made, joules from `begin` to `end`, idle power again when `energy` is asked for."""

    def __init__(
        self,
        found: Found | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._found = counters() if found is None else found
        self._clock, self._sleep = clock, sleep
        self._idle_before = self._rest()
        self._start = self._end = self._look()

    def _look(self) -> _Look:
        return _Look(self._clock(), tuple(_read(counter) for counter in self._found.counters))

    def _rest(self) -> tuple[_Look, _Look] | None:
        if not any(counter.idles for counter in self._found.counters):
            return None
        before = self._look()
        self._sleep(_IDLE_S)
        return before, self._look()

    def begin(self) -> None:
        """The work begins."""
        self._start = self._look()

    def end(self) -> None:
        """The work has ended."""
        self._end = self._look()

    def energy(self, device: str) -> Energy:
        """The joules of a session that ran on ``device`` and is closed by now; the counters end with this."""
        idle_after = self._rest()
        for counter in self._found.counters:
            counter.end()
        place = PROCESSOR if on_processor(device) else ACCELERATOR
        chosen = [i for i, c in enumerate(self._found.counters) if place in c.covers or place == ACCELERATOR]
        if not any(place in self._found.counters[i].covers for i in chosen):
            missing = "" if place == PROCESSOR else f"no energy counter for {device}; "
            return no_energy(missing + self._found.lack)
        joules = self._used(chosen, self._start, self._end)
        if joules is None or joules <= 0.0:
            return no_energy(
                f"{self._scope(chosen)} {'could not be read' if joules is None else 'did not change'}"
            )
        return Energy(
            source=EnergySource.COUNTER,
            scope=self._scope(chosen),
            joules=joules,
            idle_before_w=self._power(chosen, self._idle_before),
            idle_after_w=self._power(chosen, idle_after),
            seconds=self._end.at_s - self._start.at_s,
        )

    def _scope(self, chosen: Sequence[int]) -> str:
        return " + ".join(self._found.counters[i].scope for i in chosen)

    def _power(self, chosen: Sequence[int], rest: tuple[_Look, _Look] | None) -> float | None:
        if rest is None or not all(self._found.counters[i].idles for i in chosen):
            return None
        used = self._used(chosen, *rest)
        return None if used is None else used / (rest[1].at_s - rest[0].at_s)

    def _used(self, chosen: Sequence[int], before: _Look, after: _Look) -> float | None:
        total = 0.0
        for i in chosen:
            low, high = before.joules[i], after.joules[i]
            if low is None or high is None:
                return None
            total += high - low if high >= low else high - low + (self._found.counters[i].wraps_at or 0.0)
        return total


def _read(counter: Counter) -> float | None:
    try:
        return counter.read()
    except (OSError, ValueError):
        return None
