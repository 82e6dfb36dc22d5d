"""Runs one job in a fresh process of a toolchain and turns whatever happens into a result or a typed failure."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import psutil

from edgewright.codec import dump, load_union
from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.jobs.content import located, translated
from edgewright.core.jobs.conversation import Question
from edgewright.core.jobs.kinds import half_of
from edgewright.core.jobs.requests import BuildJob, Job, ScoreJob, SourceJob, TokenizeJob
from edgewright.core.jobs.results import Done, Event, Failure, FailureKind, Progress, Result, Token
from edgewright.errors import EdgewrightError
from edgewright.ports import Tell, Toolchains
from edgewright.sites.local.behind import Turn
from edgewright.sites.local.children import Child, beats, child_environment, kill_group, start_worker
from edgewright.sites.local.locks import machine
from edgewright.sites.local.turns import Turns
from edgewright.sites.local.venv import python_of

HEARTBEAT_S = 5.0


class LocalRunner:
    """The `JobRunner` of this machine. Content that a job names is found below ``store``."""

    def __init__(self, toolchains: Toolchains, store: Path, turns: Turns | None = None) -> None:
        self._toolchains = toolchains
        self._store = store
        self._turns = turns or Turns()
        self._running: set[Child] = set()
        self._stopped = False

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
        """See `JobRunner.run`."""
        state = self._toolchains.state(toolchain.of(half_of(job)))
        if not state.ready:
            return Failure(failure=FailureKind.FAILED, reason=f"{toolchain.title}: {state.reason}")
        with (
            self._turns.take(tell, alone=alone),
            self._quiet(job, alone=alone),
            _started(Path(state.path), state.environment, log) as child,
        ):
            self._running.add(child)
            try:
                if self._stopped:
                    return Failure(failure=FailureKind.CRASHED, reason="The run was stopped.", log=str(log))
                here = translated(job, partial(located, root=str(self._store)))
                return _converse(child, here, log=log, tell=tell, timeout_s=timeout_s)
            finally:
                self._running.discard(child)

    def _quiet(self, job: Job, *, alone: bool) -> AbstractContextManager[None]:
        """What goes on behind rests while a job measures time, or has a limit on its own."""
        limited = isinstance(job, ScoreJob) and job.limit_s is not None
        untimed = isinstance(job, BuildJob | SourceJob | TokenizeJob | ScoreJob) and not limited
        return nullcontext() if untimed or not alone else self._turns.behind.resting()

    def stop(self) -> None:
        """See `JobRunner.stop`."""
        self._stopped = True
        for child in tuple(self._running):
            kill_group(child.process)


def run_in(
    root: Path,
    environment: Mapping[str, str],
    job: Job,
    *,
    log: Path,
    tell: Tell,
    timeout_s: float,
    turn: Turn = machine,
) -> Result | Failure:
    """Run a job in the environment at ``root``, in its turn on the machine."""
    with turn(tell), _started(root, environment, log) as child:
        return _converse(child, job, log=log, tell=tell, timeout_s=timeout_s)


@contextmanager
def _started(root: Path, environment: Mapping[str, str], log: Path) -> Iterator[Child]:
    log.parent.mkdir(parents=True, exist_ok=True)
    limit = {"EDGEWRIGHT_MEMORY_LIMIT_BYTES": str(psutil.virtual_memory().total)}
    with log.open("ab") as stream:
        child = start_worker(python_of(root), child_environment({**environment, **limit}), stream)
    try:
        yield child
    finally:
        child.end()


def _converse(child: Child, job: Job, *, log: Path, tell: Tell, timeout_s: float) -> Result | Failure:
    send(child, dump(job))
    answer = await_event(child.process, beats(child.events, HEARTBEAT_S), tell, timeout_s, log)
    if isinstance(answer, Question):
        reason = "The worker sent a question instead of an answer."
        return Failure(failure=FailureKind.FAILED, reason=reason, log=str(log))
    return answer


def send(child: Child, line: bytes) -> None:
    """Write one line to a child."""
    try:
        child.requests.write(line + b"\n")
        child.requests.flush()
    except BrokenPipeError:
        return  # it died already; the missing result says so better than this would


def await_event(
    process: subprocess.Popen[bytes],
    lines: Iterator[bytes | None],
    tell: Tell,
    timeout_s: float,
    log: Path,
    *,
    heartbeat_s: float = HEARTBEAT_S,
) -> Result | Failure | Question:
    """What a child says next that is more than a sign of life.

    ``lines`` are its events, with None for each ``heartbeat_s`` of silence (see `beats`).
    """
    silent_s = 0.0
    for line in lines:
        if line is None:
            silent_s += heartbeat_s
            if silent_s >= timeout_s:
                reason = f"No progress for {timeout_s:.0f} s."
                return Failure(failure=FailureKind.TIMED_OUT, reason=reason, log=str(log))
            tell(Progress(message=f"still working, {silent_s:.0f} s"))
            continue
        silent_s = 0.0
        event = event_of(line, log)
        if isinstance(event, Progress):
            tell(event)
        elif isinstance(event, Failure):
            return Failure(failure=event.failure, reason=event.reason, log=str(log))
        elif not isinstance(event, Token | Done):
            return event
    return death_of(process, log)


def event_of(line: bytes, log: Path) -> Event:
    """What a child wrote."""
    try:
        return load_union(Event, line)  # type: ignore[no-any-return]
    except EdgewrightError:
        return Failure(failure=FailureKind.FAILED, reason="The worker's answer cannot be read.", log=str(log))


def death_of(process: subprocess.Popen[bytes], log: Path) -> Failure:
    """Why a child ended without a result."""
    code = process.wait()
    reason = f"The worker ended without a result (exit status {code})."
    if code == -9:
        reason = "The worker was killed (signal 9) by a user, or because memory ran out."
    elif code < 0:
        reason = f"The worker crashed (signal {-code})."
    return Failure(failure=FailureKind.CRASHED, reason=reason, log=str(log))
