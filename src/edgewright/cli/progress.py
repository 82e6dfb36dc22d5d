"""Progress for people: a live line at a terminal, plain lines with times elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status as Spinner
from rich.text import Text

from edgewright.core.jobs.results import Progress
from edgewright.core.run import Status, Trial
from edgewright.reasons import Reason
from edgewright.report.figures import duration
from edgewright.report.rows import cells
from edgewright.report.sentences import sentence, sentences
from edgewright.report.statuses import LABELS

_EVERY_S = 10.0
_TIMES_A_SECOND = 1
"""How often the live line is drawn: it is drawn beside measurements, which a busy core would slow."""


class TerminalReporter:
    """See `Reporter`. At a terminal the current step is one line that changes; finished trials stay above it.

    Nothing is read as markup: messages hold names, paths and log lines from outside.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._live: Spinner | None = None
        self._started = self._last = time.monotonic()
        self._phase = ""

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._live = self._console.status("starting", refresh_per_second=_TIMES_A_SECOND)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def phase(self, text: str, *, left_s: float | None = None, because: Sequence[Reason] = ()) -> None:
        """A step begins."""
        text += f" ({sentences(because, ' and ')})" if because else ""
        self._phase = f"{text}, about {duration(left_s)} left" if left_s else text
        self._show(self._phase, always=True)

    def tell(self, progress: Progress) -> None:
        """A sign of life: the live line follows it, a log gets one every ten seconds."""
        share = f" ({progress.fraction:.0%})" if progress.fraction is not None else ""
        self._show(f"{self._phase}: {progress.message}{share}", always=False)

    def _show(self, text: str, *, always: bool) -> None:
        now = time.monotonic()
        stamped = f"[{_clock(now - self._started)}] {text}"
        if self._live:
            self._live.update(Text(stamped))
        elif always or now - self._last > _EVERY_S:
            self._console.print(Text(stamped))
            self._last = now

    def trial(self, trial: Trial) -> None:
        """New figures of a trial, once they compare it with the original."""
        at = _clock(time.monotonic() - self._started)
        if trial.status is Status.MEASURED:
            name, size, _, kl, _, retained, speed, factor, _, memory, verdict = cells(trial)
            text = (
                f"{name}: {size}, KL {kl}, {retained} retained, {speed} tok/s ({factor}), {memory}: {verdict}"
            )
            self._console.print(Text(f"[{at}]   {text}"))
        elif trial.reason and trial.status not in {Status.BUILT, Status.SCORED}:
            self._console.print(
                Text(f"[{at}]   {trial.id}: {LABELS[trial.status]}: {sentence(trial.reason)}")
            )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:2d}:{int(seconds) % 60:02d}"
