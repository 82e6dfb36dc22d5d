"""Work behind other work: installs that go on while a run builds, and rest while it measures.

Law: what runs behind has the lowest priority, and is stopped for as long as anything is measured. It holds the machine
together with the run that it belongs to, so other runs wait for both. The leash of a command (`die_with_parent`) is never
stopped: it ends what is stopped where this process dies.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import psutil

from edgewright.ports import Tell
from edgewright.sites.local.children import kill_group

_LOWEST = 19
_LOOKS = 20
_STARTING_S = 0.05

Turn = Callable[[Tell], AbstractContextManager[None]]


class Behind:
    """The processes of this kind, and whether they rest at the moment."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._processes: set[subprocess.Popen[str]] = set()
        self._resting = 0
        self._stopped: list[psutil.Process] = []

    @contextmanager
    def running(self, process: subprocess.Popen[str]) -> Iterator[None]:
        """Know of a process while it runs."""
        with self._lock:
            _give_way(process.pid)
            self._processes.add(process)
            if self._resting:
                self._stop(process)
        try:
            yield
        finally:
            with self._lock:
                self._processes.discard(process)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Everything stops until the block ends."""
        with self._lock:
            self._resting += 1
            for process in self._processes:
                self._stop(process)
        try:
            yield
        finally:
            with self._lock:
                self._resting -= 1
                while self._stopped and not self._resting:
                    with suppress(psutil.Error):
                        self._stopped.pop().resume()
                self._lock.notify_all()

    def wait(self) -> None:
        """Until nothing is measured: no process begins meanwhile."""
        with self._lock:
            self._lock.wait_for(lambda: not self._resting)

    def end(self) -> None:
        """End what still runs; whoever waits for it sees it fail."""
        with self._lock:
            for process in self._processes:
                kill_group(process)

    def _stop(self, process: subprocess.Popen[str]) -> None:
        """Everything below a leash; again until nothing new is found, since what was not stopped yet may have started more."""
        with suppress(psutil.Error):
            leash = psutil.Process(process.pid)
            for _ in range(_LOOKS):
                found = [one for one in leash.children(recursive=True) if one not in self._stopped]
                if not found and leash.children():
                    return
                for one in found:
                    with suppress(psutil.Error):
                        one.suspend()
                        self._stopped.append(one)
                if not found:
                    time.sleep(_STARTING_S)  # the leash is about to start its command


def _give_way(pid: int) -> None:
    """The lowest priority. Linux may weigh sessions against each other first, each with a priority of its own."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, _LOWEST)
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(_LOWEST), encoding="ascii")


CURRENT: ContextVar[Behind | None] = ContextVar("behind", default=None)
"""Set in the thread whose work goes on behind other work."""
