"""What ties a child to its parent: it ends with it, and it stays below the memory it was allowed."""

from __future__ import annotations

import os
import signal
import sys
import threading


def die_with_parent() -> None:
    """End this process and its own children when the parent goes.

    The parent holds our standard input open; its end is the parent's end. The thread sleeps in a read, so it costs
    nothing while something is measured.
    """
    threading.Thread(target=_wait_and_die, daemon=True).start()


def _wait_and_die() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    end_with_children()


def end_with_children() -> None:
    """End this process and all that it started, at once."""
    if sys.platform != "win32" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def limit_memory() -> None:
    """Bound this process's private memory, where the system enforces such a bound (Linux)."""
    limit = os.environ.get("EDGEWRIGHT_MEMORY_LIMIT_BYTES")
    if not limit or sys.platform != "linux":
        return
    import resource  # noqa: PLC0415  # not on Windows

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = int(limit) if hard == resource.RLIM_INFINITY else min(int(limit), hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
