"""A reporter that shows no progress."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.core.jobs.results import Progress
from edgewright.core.run import Trial
from edgewright.reasons import Reason


class Quiet:
    """Ignores all progress."""

    def phase(self, text: str, *, left_s: float | None = None, because: Sequence[Reason] = ()) -> None:
        """Nothing."""

    def tell(self, progress: Progress) -> None:
        """Nothing."""

    def trial(self, trial: Trial) -> None:
        """Nothing."""
