"""Where jobs run and where runs are stored: the parts of a site, live sessions, and the directories of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgewright.ports.child import Tell
from edgewright.ports.parent import JobRunner, Journal, Toolchains
from edgewright.ports.storage import Store

if TYPE_CHECKING:
    from edgewright.core.device.host import HostFacts
    from edgewright.core.device.server import Load, Server
    from edgewright.core.device.toolchain import ToolchainSpec
    from edgewright.core.jobs.conversation import Question, Reply
    from edgewright.core.jobs.harness import HarnessJob
    from edgewright.core.jobs.requests import SessionJob
    from edgewright.core.jobs.results import Failure, Result
    from edgewright.core.measurement.likelihood import Likelihood, Pair
    from edgewright.core.recipe.artifact import Artifact, Selection
    from edgewright.core.run import Run


class Probe(Protocol):
    """Reads the facts of a site's host."""

    def host(self, *, brief: bool = False) -> HostFacts:
        """Facts of the host; ``brief`` skips slow checks (network, load)."""
        ...

    def usable_cores(self) -> int:
        """Processor cores that a job may use."""
        ...


class LiveSession(Protocol):
    """A loaded build that answers one request at a time."""

    def stream(self, ids: Sequence[int], tokens: int, stop: Sequence[int] = ()) -> Iterator[int]:
        """Continue ``ids`` greedily; each id comes as soon as it is known.

        It ends after ``tokens`` ids, or after one of ``stop``, which is part of the answer. Closing the iterator cancels the
        rest.

        Raises:
            WorkerError: the process failed.
        """
        ...

    def likelihoods(self, pairs: Sequence[Pair]) -> tuple[Likelihood, ...]:
        """The log-likelihood of each pair's continuation.

        Raises:
            WorkerError: the process failed.
        """
        ...

    def close(self) -> None:
        """End the process that holds the model. Closing twice is allowed."""
        ...


class LiveServer(Protocol):
    """A runtime's own server that has loaded a build. It is reached from its own machine only."""

    @property
    def url(self) -> str:
        """Its address, such as ``http://127.0.0.1:40123``."""
        ...

    @property
    def secret(self) -> str:
        """The token that each request carries as ``Authorization: Bearer``."""
        ...

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        ...

    def close(self) -> None:
        """End its process. Closing twice is allowed."""
        ...


class Sessions(Protocol):
    """Opens builds in their frameworks' processes and keeps them open."""

    def open(self, toolchain: ToolchainSpec, job: SessionJob, log: Path) -> LiveSession:
        """Load the build that ``job`` names.

        Raises:
            WorkerError: it cannot be loaded; the message names the cause.
        """
        ...

    def serve(
        self,
        toolchain: ToolchainSpec,
        server: Server,
        build: Path,
        load: Load,
        log: Path,
        *,
        timeout_s: float = 300.0,
    ) -> LiveServer:
        """Start the runtime's own server for a build, and wait until it has loaded it.

        Raises:
            ToolchainError: the toolchain is not ready, or has no such server.
            WorkerError: it cannot load the build; the message names the log.
        """
        ...

    def converse(
        self,
        toolchain: ToolchainSpec,
        job: HarnessJob,
        answer: Callable[[Question], Reply],
        *,
        variables: Mapping[str, str],
        log: Path,
        tell: Tell,
        timeout_s: float,
    ) -> Result | Failure:
        """Run a harness's job and answer its questions; an exception in ``answer`` also ends the child."""
        ...

    def alone(self, tell: Tell) -> AbstractContextManager[None]:
        """Lock the host: no other job of edgewright runs there until the block ends."""
        ...


class Site(Protocol):
    """A place where jobs run: its probe, toolchains, store, runner, sessions and lock belong together."""

    @property
    def name(self) -> str:
        """Its name for users."""
        ...

    @property
    def probe(self) -> Probe:
        """Reads the facts of its host."""
        ...

    @property
    def toolchains(self) -> Toolchains:
        """Its environments of frameworks."""
        ...

    @property
    def runner(self) -> JobRunner:
        """Runs jobs there."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Opens builds there."""
        ...

    def store(self, tell: Tell) -> Store:
        """Its store; ``tell`` reports whom it waits for."""
        ...


class Runs(Protocol):
    """Directories of runs."""

    def hold(self, path: Path) -> AbstractContextManager[Path]:
        """Make the directory and lock it: two runs never write to the same directory.

        Raises:
            ResourceError: it cannot be written, or another run has locked it.
        """
        ...

    def exists(self, path: Path) -> bool:
        """Whether a directory contains a run's record."""
        ...

    def read(self, path: Path) -> Run:
        """The record in a run's directory, or in a file.

        Raises:
            InputError: there is none, or it is of a later version.
        """
        ...

    def journal(self, path: Path, key: str) -> Journal:
        """The journal of a run's directory, for the plan of this key."""
        ...

    def export(self, artifact: Artifact, selected: Selection, path: Path) -> Path:
        """Export a build to the run's directory, with the name under which it was chosen; returns the path.

        Raises:
            ResourceError: the place cannot be written.
        """
        ...

    def exported(self, path: Path) -> Path | None:
        """The exported build in a run's directory, or None."""
        ...

    def remove_export(self, path: Path) -> None:
        """Remove the build from a run's directory, if there is one.

        Raises:
            ResourceError: it cannot be removed.
        """
        ...
