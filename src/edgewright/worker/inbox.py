"""What the parent writes to a child that stays: lines of standard input, whose end is the parent's end."""

from __future__ import annotations

import queue
import sys
import threading

from edgewright.worker.lifeline import end_with_children


class Inbox:
    """Reads lines as they come, so that a cancellation and the parent's end are seen while the child computes."""

    def __init__(self) -> None:
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._waiting = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self._lines.put(line)
        self._lines.put(b"")
        if not self._waiting.is_set():  # the parent is gone, and the result has no reader
            end_with_children()

    def line(self) -> bytes:
        """The next line; empty once the parent closed its end."""
        self._waiting.set()
        try:
            return self._lines.get()
        finally:
            self._waiting.clear()

    def has_line(self) -> bool:
        """Whether the parent wrote something that was not read yet."""
        return not self._lines.empty()
