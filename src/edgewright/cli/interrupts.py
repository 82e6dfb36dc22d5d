"""Ctrl-C: heard once is enough, whatever was running when it came.

Python raises `KeyboardInterrupt` between any two instructions of the main thread, also inside a library's callback or import
that drops every exception, or turns it into one of its own.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from types import FrameType

_AGAIN_SECONDS = 5.0
"""Long enough for a run to stop its children and leave by itself."""

_heard = threading.Event()
_pending: list[threading.Timer] = []


def listen() -> None:
    """From now on an interrupt comes again until it is answered; where interrupts are ignored they stay so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def heard() -> bool:
    """Whether an interrupt has come: then a failure is its consequence."""
    return _heard.is_set()


def answered() -> None:
    """The process is on its way out: what has come does not come again."""
    while _pending:
        _pending.pop().cancel()


def _interrupted(number: int, frame: FrameType | None) -> None:
    _heard.set()
    again = threading.Timer(_AGAIN_SECONDS, _come_again)
    again.daemon = True
    _pending.append(again)
    again.start()
    signal.default_int_handler(number, frame)


def _come_again() -> None:
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:  # a signal to that very thread: nothing less wakes it where it sleeps or waits
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
