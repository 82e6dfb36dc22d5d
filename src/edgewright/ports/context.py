"""The ports that use cases and steps work with, and the two methods that every step uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from edgewright.core import knowledge
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.errors import UnsupportedError
from edgewright.ports.parent import Backend, Clock, Files, JobRunner, Reporter, Store, Toolchains

if TYPE_CHECKING:
    from edgewright.core.device.toolchain import ToolchainSpec
    from edgewright.core.jobs.requests import Job
    from edgewright.core.model.facts import Task
    from edgewright.ports.site import Probe, Runs, Sessions, Site
    from edgewright.ports.task import TaskProfile

Answer = TypeVar("Answer")


class JobFailed(Exception):  # noqa: N818  # no error yet: `Context.keep` makes a `Failure` of it
    """Carries a failure out of `Store.building`, which then removes its draft."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True, kw_only=True)
class Context:
    """The ports of a use case. ``backends`` are the frameworks of the candidates, ``reference`` is that of the original.

    ``evaluators`` and ``energy_models`` are optional toolchains by name. If ``measures`` is false, timings do not count and
    all jobs may run in parallel. ``downloads`` is the directory of files from a package index; ``version`` is the version
    of edgewright.
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
    probe: Probe
    sessions: Sessions
    runs: Runs
    downloads: Path
    tasks: Mapping[Task, TaskProfile]
    evaluators: Mapping[str, ToolchainSpec] = field(default_factory=dict)
    energy_models: Mapping[str, ToolchainSpec] = field(default_factory=dict)
    version: str = ""
    offline: bool = False
    measures: bool = True

    def backend(self, name: str) -> Backend:
        """A framework by name or alias, the reference included.

        Raises:
            UsageError: the name is unknown.
        """
        known = {self.reference.name: self.reference, **self.backends}
        return known[knowledge.framework_name(name, known)]

    def task(self, kind: Task) -> TaskProfile:
        """The profile of a task.

        Raises:
            UnsupportedError: the task is not supported.
        """
        if kind not in self.tasks:
            known = ", ".join(self.tasks)
            raise UnsupportedError(f"Models for {kind} cannot be optimized; supported tasks: {known}.")
        return self.tasks[kind]

    @property
    def specs(self) -> dict[str, ToolchainSpec]:
        """Every framework's toolchain by name, the reference first."""
        return {b.name: b.toolchain for b in (self.reference, *self.backends.values())}

    def at(self, site: Site) -> Self:
        """The same context, with jobs that run at another site."""
        return replace(
            self,
            probe=site.probe,
            toolchains=site.toolchains,
            store=site.store(self.reporter.tell),
            runner=site.runner,
            sessions=site.sessions,
        )

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
        """The result of a job, of the ``expected`` type, or the failure; see `JobRunner.run`."""
        tell, alone = self.reporter.tell, alone and self.measures
        result = self.runner.run(toolchain, job, log=log, tell=tell, timeout_s=timeout_s, alone=alone)
        if isinstance(result, expected | Failure):
            return result
        reason = "The worker sent an unexpected answer."
        return Failure(failure=FailureKind.FAILED, reason=reason, log=str(log))

    def keep(
        self, kind: str, key: str, make: Callable[[Path], None], *, what: str, log: Path
    ) -> Path | Failure:
        """Make the directory of the store under a key. ``what`` names its content at the beginning of an error message.

        ``make`` writes at a path that does not exist yet, and raises `JobFailed` if it cannot.
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
