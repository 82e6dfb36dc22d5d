"""``python -m edgewright.worker RESULT_DESCRIPTOR``: one job from standard input, events and one result back."""

from __future__ import annotations

import errno
import importlib
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from edgewright.codec import load_union
from edgewright.core.device.toolchain import Half
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
from edgewright.core.jobs.requests import (
    BenchJob,
    BuildJob,
    CapabilityJob,
    EstimateJob,
    Job,
    LikelihoodJob,
    ProfileJob,
    ScoreJob,
    SensitivityJob,
    SessionJob,
    SmokeJob,
    SourceJob,
    TaskJob,
    TokenizeJob,
    TraceJob,
    TypeSpeedJob,
)
from edgewright.core.jobs.results import (
    BenchResult,
    CapabilityResult,
    Done,
    EstimateResult,
    Failure,
    FailureKind,
    ProfileResult,
    Result,
    ScoreResult,
    SmokeResult,
    Token,
    TokenizeResult,
    TraceResult,
    TypeSpeedResult,
)
from edgewright.errors import InputError, OfflineError, ResourceError, UnsupportedError
from edgewright.ports import (
    BuildSmokeWorker,
    EnergyModelWorker,
    HarnessWorker,
    ProfilingWorker,
    Session,
    SourceWorker,
    TaskModule,
    TracingWorker,
    TypeTimingWorker,
    Worker,
)
from edgewright.worker import scoring, timing
from edgewright.worker.channel import Channel
from edgewright.worker.host import capability
from edgewright.worker.inbox import Inbox
from edgewright.worker.lifeline import die_with_parent, limit_memory
from edgewright.worker.likelihood import likelihoods


def main() -> int:
    """Run the job; a failure of any kind becomes one typed event."""
    channel = Channel.named(sys.argv[1])
    limit_memory()
    job: Job = load_union(Job, sys.stdin.buffer.readline())
    try:
        if isinstance(job, HarnessJob):
            harness: HarnessWorker = importlib.import_module(job.worker).WORKER
            channel.send(harness.evaluate(job, _asking(channel, Inbox()), channel.send))
            return 0
        if not isinstance(job, SessionJob):
            die_with_parent()
        if isinstance(job, CapabilityJob):
            channel.send(CapabilityResult(capability=capability()))
            return 0
        worker: Worker = importlib.import_module(job.worker).WORKER
        if isinstance(job, SessionJob):
            return _converse(worker, job, channel)
        if isinstance(job, TaskJob):
            module: TaskModule = importlib.import_module(job.module)
            channel.send(module.answer(worker, job, channel.send))
            return 0
        channel.send(_result(worker, job, channel))
    except BaseException as error:  # noqa: BLE001  # the process boundary: every failure becomes a typed event
        traceback.print_exc()
        channel.send(_failure(error))
        return 1
    return 0


def _result(worker: Worker, job: Job, channel: Channel) -> Result:
    match job:
        case SmokeJob():
            return _smoke(worker, job)
        case SourceJob():
            source_worker: SourceWorker = worker  # type: ignore[assignment]  # only the reference is sent these
            return source_worker.write_source(job, channel.send)
        case BuildJob():
            return worker.build(job, channel.send)
        case ScoreJob():
            session = worker.open(Path(job.artifact), job.runtime)
            scores = scoring.score(
                session,
                job.ids,
                job.context,
                channel.send,
                prefix=job.prefix,
                lengths=job.lengths,
                reference=Path(job.reference) if job.reference else None,
                write_reference=Path(job.write_reference) if job.write_reference else None,
                limit_s=job.limit_s,
                prompt=job.prompt,
                answer=job.answer,
                prompts=job.prompts,
            )
            return ScoreResult(scores=scores)
        case BenchJob():
            artifact, runtime = Path(job.artifact), job.runtime
            session_of = partial(worker.open, artifact, runtime)
            block = timing.bench(session_of, artifact, job.ids, job.workload, job.pace, channel.send)
            return BenchResult(block=block)
        case ProfileJob() | TypeSpeedJob() | TraceJob():
            return _looked_into(worker, job)
        case SensitivityJob():
            reference: SourceWorker = worker  # type: ignore[assignment]  # only the reference is sent these
            return reference.sensitivity(job, channel.send)
        case EstimateJob():
            model: EnergyModelWorker = worker  # type: ignore[assignment]  # only such a model is sent these
            return EstimateResult(energy=model.estimate(job))
        case TokenizeJob():
            ids = worker.tokenize(Path(job.artifact), job.texts)
            return TokenizeResult(ids=tuple(tuple(row) for row in ids))
        case LikelihoodJob():
            session = worker.open(Path(job.artifact), job.runtime)
            return LikelihoodResult(likelihoods=likelihoods(session, job.pairs, channel.send))
        case SessionJob() | HarnessJob() | CapabilityJob() | TaskJob():
            raise AssertionError("it is answered before")
        case _:
            assert_never(job)


def _smoke(worker: Worker, job: SmokeJob) -> SmokeResult:
    if job.half is Half.RUN:
        return worker.smoke(Path(job.scratch))
    if not isinstance(worker, BuildSmokeWorker):
        raise UnsupportedError("This framework's worker has no smoke job for its build half.")
    return worker.smoke_build(Path(job.scratch))


def _looked_into(
    worker: Worker, job: ProfileJob | TypeSpeedJob | TraceJob
) -> ProfileResult | TypeSpeedResult | TraceResult:
    """What only some runtimes can say of themselves."""
    if isinstance(job, TraceJob):
        if not isinstance(worker, TracingWorker):
            raise UnsupportedError("This runtime does not expose the outputs of its layers.")
        layers: Mapping[int, Any] = worker.trace(Path(job.artifact), job.runtime, job.ids)
        np.savez(job.out, **{str(number): output for number, output in layers.items()})
        return TraceResult(layers=len(layers))
    scratch = Path(job.scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    if isinstance(job, ProfileJob):
        if not isinstance(worker, ProfilingWorker):
            raise UnsupportedError("This runtime has no profiler.")
        return ProfileResult(
            profile=worker.profile(Path(job.artifact), job.runtime, job.ids, job.tokens, scratch)
        )
    if not isinstance(worker, TypeTimingWorker):
        raise UnsupportedError("This runtime cannot time single types.")
    return TypeSpeedResult(seconds=dict(worker.time_types(job.types, scratch)))


def _converse(worker: Worker, job: SessionJob, channel: Channel) -> int:
    session = worker.open(Path(job.artifact), job.runtime)
    inbox = Inbox()
    channel.send(Done(ready=True))
    while line := inbox.line():
        request: SessionRequest = load_union(SessionRequest, line)
        if isinstance(request, CancelRequest):
            continue  # what it was to cancel had ended already
        if isinstance(request, LikelihoodRequest):
            channel.send(LikelihoodResult(likelihoods=likelihoods(session, request.pairs, channel.send)))
        else:
            _generate(session, request, inbox, channel)
        channel.send(Done())
    session.close()
    return 0


def _generate(session: Session, request: GenerateRequest, inbox: Inbox, channel: Channel) -> None:
    """Each token as it is known; the parent's next line cancels the rest."""
    for token in session.generate(request.ids, request.tokens):
        channel.send(Token(id=token))
        if token in request.stop or inbox.has_line():
            return


def _asking(channel: Channel, inbox: Inbox) -> Callable[[Question], Reply]:
    """How a harness asks the parent: one question up, one line down."""

    def ask(question: Question) -> Reply:
        channel.send(question)
        return load_union(Reply, inbox.line())  # type: ignore[no-any-return]

    return ask


def _failure(error: BaseException) -> Failure:
    kind = FailureKind.FAILED
    if isinstance(error, UnsupportedError):
        kind = FailureKind.UNSUPPORTED
    elif isinstance(error, InputError):
        kind = FailureKind.INVALID_INPUT
    elif isinstance(error, OfflineError):
        kind = FailureKind.OFFLINE
    elif isinstance(error, ResourceError | MemoryError) or _disk_full(error):
        kind = FailureKind.RESOURCE
    text = str(error).strip() or type(error).__name__
    if isinstance(error, MemoryError):
        text = "Memory ran out."
    return Failure(failure=kind, reason=text.splitlines()[-1][:500] if kind is FailureKind.FAILED else text)


def _disk_full(error: BaseException) -> bool:
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    return full or "No space left on device" in str(error)


if __name__ == "__main__":
    sys.exit(main())
