"""What a use case works with: jobs, toolchains, progress, time, and the history of a run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgewright.core.jobs.results import Progress
from edgewright.ports.child import Tell

if TYPE_CHECKING:
    from edgewright.core.device.toolchain import ToolchainSpec, ToolchainState
    from edgewright.core.jobs.requests import Job
    from edgewright.core.jobs.results import Failure, Result
    from edgewright.core.measurement.rounds import Round, RoundKey
    from edgewright.core.run import Run, Trial
    from edgewright.reasons import Reason


class JobRunner(Protocol):
    """Runs one job in a new process, in the half of a toolchain that the job needs."""

    def run(
        self,
        toolchain: ToolchainSpec,
        job: Job,
        *,
        log: Path,
        tell: Tell,
        timeout_s: float,
        alone: bool = True,
    ) -> Result | Failure:
        """The job's result, or the failure. The child's stdout and stderr go to ``log``.

        A job that is ``alone`` waits until no other job of edgewright runs on the machine. Other jobs may run in parallel,
        in threads of one process.
        """
        ...

    def stop(self) -> None:
        """End the running jobs and start no other; their threads get a failure."""
        ...


class Toolchains(Protocol):
    """Environments of frameworks on this host."""

    def state(self, spec: ToolchainSpec) -> ToolchainState:
        """The state of a half of a toolchain; changes nothing."""
        ...

    def ensure(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Install a half and the half that it needs, if they are missing; the state has the reason if it is not ready."""
        ...

    def ahead(self, specs: Sequence[ToolchainSpec], tell: Tell) -> AbstractContextManager[None]:
        """Install these behind other work while the block runs, at rest while anything is timed; its end gives up what is left.

        `ensure` waits for one that was begun.
        """
        ...

    def verify(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Import its framework and do a small computation; changes nothing."""
        ...

    def remove(self, spec: ToolchainSpec, tell: Tell) -> int:
        """Delete it and return the number of bytes freed."""
        ...


class Reporter(Protocol):
    """Receives the progress of a run, to show it to people."""

    def phase(self, text: str, *, left_s: float | None = None, because: Sequence[Reason] = ()) -> None:
        """A step begins; ``left_s`` is the estimated time until the run's end, ``because`` why it is done again."""
        ...

    def tell(self, progress: Progress) -> None:
        """Progress within a step."""
        ...

    def trial(self, trial: Trial) -> None:
        """A trial has new values."""
        ...


class Clock(Protocol):
    """Time, injected."""

    def now_s(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        ...


class Journal(Protocol):
    """A run's directory: an append-only journal and the record."""

    @property
    def path(self) -> Path:
        """The directory."""
        ...

    def rounds(self, key: str) -> dict[RoundKey, Round]:
        """Finished rounds that were written under this plan key, by round key."""
        ...

    def add_round(self, key: RoundKey, finished: Round) -> None:
        """Append a finished round."""
        ...

    def note(self, event: str, **details: str | float | Reason | None) -> None:
        """Append another event to the history of the run."""
        ...

    def save(self, run: Run) -> None:
        """Replace ``run.json`` and the report."""
        ...
