"""Two processes that take turns of a second or so while both are timed: what the host does, it does to both alike.

Each is stopped while the other runs. On a host whose speed changes by a tenth within seconds this tells apart what runs one
after the other do not (docs/adr/0015). What counts are requests much shorter than a turn, and of them those that no stop fell
into; were they nearly as long as a turn, the fast ones would be chosen.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import cycle
from typing import TypeVar

import psutil

T = TypeVar("T")

_STOPPED = 0.6
"""Of the fastest: a request this slow had a stop in it, which is several times as long as itself."""

_START_S = 60.0


def in_turns(
    ours: Callable[[], T], command: Sequence[object], environment: Mapping[str, str], turn_s: float
) -> tuple[T, str]:
    """What ``ours`` returns, which starts one child process, and what ``command`` prints, timed in turns.

    The turns begin when both processes are there and end with either; loading is part of them. ``ours`` holds the machine's
    lock meanwhile, so the command does not ask for it.

    Raises:
        RuntimeError: the command failed, or ``ours`` started no process.
    """
    with ThreadPoolExecutor(1) as pool, _no_survivor() as before:
        answer = pool.submit(ours)
        mine = _child(answer, before)
        _send(mine, signal.SIGSTOP)
        theirs = psutil.Popen(
            [str(part) for part in command],
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for running in cycle((theirs, mine)):
            _send(running, signal.SIGCONT)
            if _ends_in_its_turn(running, turn_s):
                break
            _send(running, signal.SIGSTOP)
        for side in (mine, theirs):
            _send(side, signal.SIGCONT)
        said, _ = theirs.communicate()
        if theirs.returncode:
            raise RuntimeError(f"{command[0]} failed with status {theirs.returncode}")
        return answer.result(), said


def unstopped(speeds: Sequence[float]) -> list[float]:
    """The speeds of those requests that no stop fell into."""
    return [speed for speed in speeds if speed > _STOPPED * max(speeds)]


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _ends_in_its_turn(running: psutil.Process, turn_s: float) -> bool:
    """Waits for the end of the turn or of the process."""
    end = time.monotonic() + turn_s
    while time.monotonic() < end:
        time.sleep(0.02)
        with suppress(psutil.NoSuchProcess):
            if running.status() != psutil.STATUS_ZOMBIE:
                continue
        return True
    return False


def _child(answer: Future[T], before: Sequence[psutil.Process]) -> psutil.Process:
    """The process that was started for it."""
    end = time.monotonic() + _START_S
    while time.monotonic() < end and not answer.done():
        new = [child for child in psutil.Process().children() if child not in before]
        if new:
            return new[0]
        time.sleep(0.02)
    if answer.done():
        answer.result()
    raise RuntimeError("no process was started")


@contextmanager
def _no_survivor() -> Iterator[list[psutil.Process]]:
    """The children so far; new ones that are still there at the end, after an error, are killed: they may be stopped."""
    before = psutil.Process().children()
    try:
        yield before
    finally:
        for child in psutil.Process().children():
            if child not in before:
                child.kill()
