"""A build's files in the page cache, laid there in the same way before every block.

The same bytes, memory-mapped, were seen to decode a fifth sooner from a new copy of a file than from an older one, and alike once both
were dropped and read again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_CHUNK = 1 << 20


def read_anew(artifact: Path) -> None:
    """Drop the files of a build from the page cache, where the system lets a process do that, and read them from end to end.

    What cannot be read is left to the runtime, which says so better.
    """
    buffer = bytearray(_CHUNK)
    for file in _files(artifact):
        with suppress(OSError), file.open("rb", buffering=0) as stream:
            if sys.platform == "linux":
                os.fsync(stream.fileno())  # pages not written yet cannot be dropped
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while stream.readinto(buffer):
                pass


def _files(artifact: Path) -> Iterator[Path]:
    if artifact.is_file():
        yield artifact
    yield from (file for file in sorted(artifact.rglob("*")) if file.is_file())
