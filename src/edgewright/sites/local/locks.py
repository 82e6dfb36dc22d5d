"""Locks between processes: the operating system frees them when their holder dies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from edgewright.core.jobs.results import Progress
from edgewright.ports import Tell

_PATIENCE_S = 1.0


@contextmanager
def held(path: Path, tell: Tell, waiting_for: str) -> Iterator[None]:
    """Hold the lock file at ``path``; say what is waited for while another process has it."""
    lock = FileLock(path, mode=0o666, thread_local=False)  # another thread may release it
    while True:
        try:
            lock.acquire(timeout=_PATIENCE_S, poll_interval=0.1)
        except Timeout:
            tell(Progress(message=f"waiting for {waiting_for}"))
        else:
            break
    try:
        yield
    finally:
        lock.release()


@contextmanager
def machine(tell: Tell) -> Iterator[None]:
    """Hold this machine: one framework process of ours at a time, so that nothing of ours disturbs a measurement."""
    path = Path(tempfile.gettempdir()) / "edgewright-machine.lock"
    with held(path, tell, "another edgewright on this machine"):
        yield
