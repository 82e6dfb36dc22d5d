"""Who works on this machine: builds beside each other, one job alone, and behind them what rests while they measure.

Law: while a job is alone, nothing else of ours runs here, in this process or another. Threads of one process share the
machine's lock for what may run side by side; another process always waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from edgewright.ports import Tell
from edgewright.sites.local.behind import Behind
from edgewright.sites.local.locks import machine


class Turns:
    """The turns that the threads of one process take."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._held = 0
        self._alone = False
        self._machine = ExitStack()
        self.behind = Behind()

    @contextmanager
    def take(self, tell: Tell, *, alone: bool) -> Iterator[None]:
        """Wait for a turn, and have it until the block ends."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside or not (alone or self._alone))
            self._hold(tell)
            self._inside += 1
            self._alone = alone
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._release()
                self._changed.notify_all()

    @contextmanager
    def hold(self, tell: Tell) -> Iterator[None]:
        """Keep the machine for this process until the block ends; its own jobs take their turns meanwhile."""
        with self._changed:
            self._hold(tell)
        try:
            yield
        finally:
            with self._changed:
                self._release()

    def _hold(self, tell: Tell) -> None:
        if not self._held:
            self._machine.enter_context(machine(tell))
        self._held += 1

    def _release(self) -> None:
        self._held -= 1
        if not self._held:
            self._machine.close()
