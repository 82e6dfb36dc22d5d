"""The parent's answers to a child that asks: lines of standard input, whose end is the parent's end."""

from __future__ import annotations

import queue
import sys
import threading

from edgewright.worker.lifeline import end_with_children


class Inbox:
    """Reads lines as they come, so that the parent's end is seen also while the child computes."""

    def __init__(self) -> None:
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self._lines.put(line)
        end_with_children()

    def line(self) -> bytes:
        """The next answer."""
        return self._lines.get()
