"""Open builds in child processes of this machine, and harnesses whose children ask while they work.

Law: while a harness's child computes, it has the machine; while the parent answers, the child waits for a line, and the
machine is free for the job that finds the answer. So one of ours runs at a time, and neither can wait for the other's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from edgewright.codec import dump
from edgewright.core.device.server import Load, Server
from edgewright.core.device.toolchain import ToolchainSpec, unavailable
from edgewright.core.jobs.content import located, translated
from edgewright.core.jobs.conversation import (
    CancelRequest,
    GenerateRequest,
    LikelihoodRequest,
    LikelihoodResult,
    Question,
    Reply,
    SessionRequest,
)
from edgewright.core.jobs.harness import HarnessJob
from edgewright.core.jobs.requests import SessionJob
from edgewright.core.jobs.results import Done, Event, Failure, Result, Token
from edgewright.core.measurement.likelihood import Likelihood, Pair
from edgewright.errors import UsageError, WorkerError
from edgewright.ports import Tell, Toolchains
from edgewright.sites.local.children import Child, beats, child_environment, start_worker
from edgewright.sites.local.locks import machine
from edgewright.sites.local.runner import HEARTBEAT_S, await_event, death_of, event_of, send
from edgewright.sites.local.servers import LocalServer, start_server
from edgewright.sites.local.venv import python_of


class LocalSessions:
    """The `Sessions` of this machine."""

    def __init__(self, toolchains: Toolchains, store: Path) -> None:
        self._toolchains = toolchains
        self._store = store

    def open(self, toolchain: ToolchainSpec, job: SessionJob, log: Path) -> WorkerSession:
        """See `Sessions.open`."""
        here = translated(job, partial(located, root=str(self._store)))
        return WorkerSession(self._start(toolchain, {}, log), here, log)

    def serve(
        self,
        toolchain: ToolchainSpec,
        server: Server,
        build: Path,
        load: Load,
        log: Path,
        *,
        timeout_s: float = 300.0,
    ) -> LocalServer:
        """See `Sessions.serve`."""
        state = self._toolchains.state(toolchain)
        if not state.ready:
            raise unavailable(state)
        return start_server(server, state.environment, build, load, log, timeout_s=timeout_s)

    def _start(self, toolchain: ToolchainSpec, variables: Mapping[str, str], log: Path) -> Child:
        state = self._toolchains.state(toolchain)
        if not state.ready:
            raise WorkerError(f"{toolchain.title}: {state.reason}", hint=state.hint)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as stream:
            environment = child_environment({**state.environment, **variables})
            return start_worker(python_of(Path(state.path)), environment, stream)

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
        """See `Sessions.converse`."""
        child = self._start(toolchain, variables, log)
        try:
            lines = beats(child.events, HEARTBEAT_S)
            line = dump(job)
            while True:
                with machine(tell):
                    send(child, line)
                    event = await_event(child.process, lines, tell, timeout_s, log)
                if not isinstance(event, Question):
                    return event
                line = dump(answer(event))
        finally:
            child.end()

    def alone(self, tell: Tell) -> AbstractContextManager[None]:
        """See `Sessions.alone`."""
        return machine(tell)


class WorkerSession:
    """The `LiveSession` of a child process."""

    def __init__(self, child: Child, job: SessionJob, log: Path) -> None:
        self._child = child
        self._log = log
        self._busy = False
        send(child, dump(job))
        event = self._next()
        if not (isinstance(event, Done) and event.ready):
            self.close()
            reason = event.reason if isinstance(event, Failure) else "The worker sent an unexpected answer."
            raise WorkerError(reason, hint=f"The log is {log}.")

    def stream(self, ids: Sequence[int], tokens: int, stop: Sequence[int] = ()) -> Iterator[int]:
        """See `LiveSession.stream`."""
        answers = self._answers(GenerateRequest(ids=tuple(ids), tokens=tokens, stop=tuple(stop)))
        return (event.id for event in answers if isinstance(event, Token))

    def likelihoods(self, pairs: Sequence[Pair]) -> tuple[Likelihood, ...]:
        """See `LiveSession.likelihoods`."""
        answers = list(self._answers(LikelihoodRequest(pairs=tuple(pairs))))
        found = [event for event in answers if isinstance(event, LikelihoodResult)]
        if not found:
            raise WorkerError("The worker sent an unexpected answer.", hint=f"The log is {self._log}.")
        return found[0].likelihoods

    def _answers(self, request: SessionRequest) -> Iterator[Event]:
        if self._busy:
            hint = "Finish or close the current answer, or open another session."
            raise UsageError("This session answers one request at a time.", hint=hint)
        self._busy = True
        send(self._child, dump(request))
        event = None
        try:
            while not isinstance(event := self._next(), Done):
                if isinstance(event, Failure):
                    raise WorkerError(event.reason, hint=f"The log is {self._log}.")
                yield event
        finally:
            if not isinstance(event, Done | Failure):
                self._cancel()
            self._busy = False

    def _cancel(self) -> None:
        """Tell the child to stop, and read what it had already written."""
        send(self._child, dump(CancelRequest()))
        while not isinstance(self._next(), Done | Failure):
            pass

    def _next(self) -> Event:
        line = self._child.events.readline()
        return event_of(line, self._log) if line else death_of(self._child.process, self._log)

    def close(self) -> None:
        """See `LiveSession.close`."""
        self._child.end()
