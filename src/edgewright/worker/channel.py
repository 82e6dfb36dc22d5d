"""The child's end of the pipe: one JSON event a line, on a descriptor that no framework prints to."""

from __future__ import annotations

import os
from typing import BinaryIO

from edgewright.codec import dump
from edgewright.core.jobs.results import Event


class Channel:
    """Writes events; each is flushed, so that the parent sees it at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    @classmethod
    def named(cls, name: str) -> Channel:
        """A channel on what the parent let us inherit: a descriptor, or on Windows ``handle:N``."""
        if name.startswith("handle:"):
            import msvcrt  # noqa: PLC0415  # Windows only

            descriptor: int = msvcrt.open_osfhandle(int(name[7:]), os.O_WRONLY)  # type: ignore[attr-defined]
        else:
            descriptor = int(name)
            os.set_inheritable(descriptor, False)  # noqa: FBT003  # the standard library's own signature
        return cls(os.fdopen(descriptor, "wb", buffering=0))

    def send(self, event: Event) -> None:
        """Write one event."""
        self._stream.write(dump(event) + b"\n")
