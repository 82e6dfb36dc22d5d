"""Who works on this machine: builds beside each other, or one job alone.

Law: while a job is alone, nothing else of ours runs here, in this process or another. Threads of one process share the
machine's lock for what may run side by side; another process always waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from edgewright.ports import Tell
from edgewright.sites.local.locks import machine


class Turns:
    """The turns that the threads of one process take."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = False
        self._machine = ExitStack()

    @contextmanager
    def take(self, tell: Tell, *, alone: bool) -> Iterator[None]:
        """Wait for a turn, and have it until the block ends."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside or not (alone or self._alone))
            if not self._inside:
                self._machine.enter_context(machine(tell))
            self._inside += 1
            self._alone = alone
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                if not self._inside:
                    self._machine.close()
                self._changed.notify_all()
