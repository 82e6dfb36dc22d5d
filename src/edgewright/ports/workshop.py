"""The ports a stage works with, and the two ways in which every stage uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from edgewright.core.answers import Failure, FailureKind
from edgewright.ports.parent import Backend, Clock, Files, JobRunner, Reporter, Store, Toolchains

if TYPE_CHECKING:
    from edgewright.core.jobs import Job
    from edgewright.core.toolchain import ToolchainSpec

Answer = TypeVar("Answer")


class JobFailed(Exception):  # noqa: N818  # no error yet: `Workshop.keep` makes a `Failure` of it
    """Carries a failure out of a draft of the store, which is removed on the way."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """The ports a stage works with. ``backends`` hold the candidates' frameworks, ``reference`` the original's.

    Where nothing ``measures``, because what is timed does not count, every job may run beside others.
    """

    reference: Backend
    backends: Mapping[str, Backend]
    runner: JobRunner
    toolchains: Toolchains
    store: Store
    files: Files
    reporter: Reporter
    clock: Clock
    logs: Path
    measures: bool = True

    def backend(self, framework: str) -> Backend:
        """The backend of a framework, the reference included."""
        return self.reference if framework == self.reference.name else self.backends[framework]

    def ask(
        self,
        toolchain: ToolchainSpec,
        job: Job,
        expected: type[Answer],
        *,
        log: Path,
        timeout_s: float,
        alone: bool = True,
    ) -> Answer | Failure:
        """The result of a job, which is of the ``expected`` type, or why there is none; see `JobRunner.run`."""
        tell, alone = self.reporter.tell, alone and self.measures
        result = self.runner.run(toolchain, job, log=log, tell=tell, timeout_s=timeout_s, alone=alone)
        if isinstance(result, expected | Failure):
            return result
        reason = "The worker answered with something else."
        return Failure(failure=FailureKind.FAILED, reason=reason, log=str(log))

    def keep(
        self, kind: str, key: str, make: Callable[[Path], None], *, what: str, log: Path
    ) -> Path | Failure:
        """The directory of the store under a key, made now. ``what`` says in a sentence's beginning what it holds.

        ``make`` writes at a path that does not exist yet, and raises `JobFailed` where it cannot.
        """
        try:
            with self.store.building(kind, key) as draft:
                make(draft)
        except JobFailed as stop:
            return stop.failure
        except OSError as error:
            reason = f"{what} could not be stored: {error.strerror or error}."
            return Failure(failure=FailureKind.RESOURCE, reason=reason, log=str(log))
        return self.store.find(kind, key) or Failure(
            failure=FailureKind.FAILED, reason=f"{what} could not be found after being stored.", log=str(log)
        )
