"""One input in a process of its own, forked from one that has everything imported: what it answered, in what time and memory."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 10.0
_ADDRESS_SPACE = 6 << 30
_LARGEST_FILE = 1 << 28
"""Bytes: what goes wild is stopped before the machine suffers."""
_LONGEST = 4100
"""Characters of one sentence with its hint, paths included."""
_HIGHEST = 12
_TOLD_ELSEWHERE = (0, 10, 11)
"""Statuses of a table that was printed."""
_UNEXPECTED = "edgewright: Unexpected "


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``status`` is None where it had to be killed; ``grown`` are bytes of memory beyond what the process began with."""

    status: int | None
    said: str
    seconds: float
    grown: int

    @property
    def fault(self) -> str:
        """What no input may cause; empty where the answer is in order."""
        if self.status is None:
            return "hang"
        if "Traceback (most recent call last)" in self.said or _UNEXPECTED in self.said:
            return "traceback"
        if not 0 <= self.status <= _HIGHEST:
            return "crash"
        last = next(iter(self.said.strip().splitlines()[-1:]), "")
        if self.status in _TOLD_ELSEWHERE or last.startswith("edgewright: "):
            return "" if len(last) <= _LONGEST else "endless sentence"
        return "no sentence"


def answer(job: Callable[[], int], folder: Path, *, limit_s: float = LIMIT_S) -> Answer:
    """Run a job to its end, or to the limit."""
    out, err = folder / "stdout", folder / "stderr"
    started = time.monotonic()
    child = os.fork()
    if not child:
        _become(job, out, err)
    base = resident(child)
    status, grown = None, 0
    while True:
        done, code, used = os.wait4(child, os.WNOHANG)
        if done:
            grown = max(used.ru_maxrss * 1024 - base, 0)
            status = os.waitstatus_to_exitcode(code)
            break
        if time.monotonic() - started > limit_s:
            os.kill(child, signal.SIGKILL)
            _, _, used = os.wait4(child, 0)
            grown = max(used.ru_maxrss * 1024 - base, 0)
            break
        time.sleep(0.002)
    said = err.read_text(encoding="utf-8", errors="replace") if err.exists() else ""
    return Answer(status=status, said=said, seconds=time.monotonic() - started, grown=grown)


def resident(process: int) -> int:
    """Bytes that a process holds in memory now."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize()


def _become(job: Callable[[], int], out: Path, err: Path) -> None:
    """The child's whole life."""
    status = 99
    try:
        for path, stream in ((out, 1), (err, 2)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
        status = job()
    except BaseException:  # noqa: BLE001  # whatever it is, it is told
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
