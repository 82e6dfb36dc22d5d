"""The ports that use cases and steps work with, and the two methods that every step uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from edgewright.core import knowledge
from edgewright.core.jobs.content import contents, spelled, translated
from edgewright.core.jobs.kinds import kind_of
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.errors import ResourceError, UnsupportedError
from edgewright.ports.backend import Backend
from edgewright.ports.parent import Clock, JobRunner, Reporter, Toolchains
from edgewright.ports.storage import Files, Store

if TYPE_CHECKING:
    from edgewright.core.device.toolchain import ToolchainSpec
    from edgewright.core.jobs.requests import Job
    from edgewright.core.model.facts import Task
    from edgewright.core.release.package import Package
    from edgewright.ports.packager import Packager
    from edgewright.ports.registry import Registry
    from edgewright.ports.site import Probe, Runs, Sessions, Site
    from edgewright.ports.task import TaskProfile

Answer = TypeVar("Answer")
AnyJob = TypeVar("AnyJob")


class JobFailed(Exception):  # noqa: N818  # no error yet: `Context.keep` makes a `Failure` of it
    """Carries a failure out of `Store.building`, which then removes its draft."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True, kw_only=True)
class Context:
    """The ports of a use case. ``backends`` are the frameworks of the candidates, ``reference`` is that of the original.

    ``packagers`` are the kinds of packages by name, and ``readme`` writes the page of one. ``evaluators`` and ``energy_models`` are toolchains by name that no run needs. Where nothing ``measures``, because what
    is timed does not count, every job may run beside others. ``downloads`` keeps files from a package index; ``version`` is
    edgewright's own. Where jobs run at another site, ``origin`` is the store that content comes from.
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
    registry: Registry
    packagers: Mapping[str, Packager]
    readme: Callable[[Package, Packager], str]
    evaluators: Mapping[str, ToolchainSpec] = field(default_factory=dict)
    energy_models: Mapping[str, ToolchainSpec] = field(default_factory=dict)
    version: str = ""
    offline: bool = False
    measures: bool = True
    origin: Store | None = None

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
        """The same context with its jobs run at another site: what they name is sent there first."""
        return replace(
            self,
            origin=self.origin or self.store,
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
    ) -> Answer | Failure:
        """The result of a job, which is of the ``expected`` type, or why there is none; see `JobRunner.run`."""
        kind, tell = kind_of(job), self.reporter.tell
        try:
            sent = self.sent(job)
        except ResourceError as error:
            return Failure(failure=FailureKind.RESOURCE, reason=error.message, log=str(log))
        alone = kind.alone and self.measures
        result = self.runner.run(toolchain, sent, log=log, tell=tell, timeout_s=kind.timeout_s, alone=alone)
        if isinstance(result, expected | Failure):
            return result
        reason = "The worker sent an unexpected answer."
        return Failure(failure=FailureKind.FAILED, reason=reason, log=str(log))

    def sent(self, job: AnyJob) -> AnyJob:
        """A job that names content by key, with that content at the site where it runs."""
        for store in (self.store, self.origin) if self.origin else (self.store,):
            job = translated(job, partial(spelled, root=str(store.root)))
        if self.origin is None:
            return job
        for content in contents(job):
            source = None if content.is_draft else self.origin.find(content.kind, content.key)
            if source is not None:
                self.store.receive(content.kind, content.key, source)
        return job

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
