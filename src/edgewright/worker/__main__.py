"""``python -m edgewright.worker RESULT_DESCRIPTOR``: one job from standard input, events and one result back."""

from __future__ import annotations

import errno
import importlib
import sys
import traceback
from pathlib import Path
from typing import assert_never

from edgewright.codec import load_union
from edgewright.core.jobs import (
    BenchJob,
    BenchResult,
    BuildJob,
    Done,
    Failure,
    FailureKind,
    GenerateRequest,
    Job,
    Result,
    ScoreJob,
    ScoreResult,
    SessionJob,
    SmokeJob,
    SourceJob,
    Token,
    TokenizeJob,
    TokenizeResult,
)
from edgewright.errors import InputError, ResourceError, UnsupportedError
from edgewright.ports import SourceWorker, Worker
from edgewright.worker import scoring, timing
from edgewright.worker.channel import Channel
from edgewright.worker.lifeline import die_with_parent, limit_memory


def main() -> int:
    """Run the job; a failure of any kind becomes one typed event."""
    channel = Channel.named(sys.argv[1])
    limit_memory()
    job: Job = load_union(Job, sys.stdin.buffer.readline())
    try:
        if not isinstance(job, SessionJob):
            die_with_parent()
        worker: Worker = importlib.import_module(job.worker).WORKER
        if isinstance(job, SessionJob):
            return _converse(worker, job, channel)
        channel.send(_result(worker, job, channel))
    except BaseException as error:  # noqa: BLE001  # the process boundary: every failure becomes a typed event
        traceback.print_exc()
        channel.send(_failure(error))
        return 1
    return 0


def _result(worker: Worker, job: Job, channel: Channel) -> Result:
    match job:
        case SmokeJob():
            return worker.smoke(Path(job.scratch))
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
                reference=Path(job.reference) if job.reference else None,
                write_reference=Path(job.write_reference) if job.write_reference else None,
                limit_s=job.limit_s,
            )
            return ScoreResult(scores=scores)
        case BenchJob():
            artifact, runtime = Path(job.artifact), job.runtime
            block = timing.bench(lambda: worker.open(artifact, runtime), job.ids, job.workload, channel.send)
            return BenchResult(block=block)
        case TokenizeJob():
            ids = worker.tokenize(Path(job.artifact), job.texts)
            return TokenizeResult(ids=tuple(tuple(row) for row in ids))
        case SessionJob():
            raise AssertionError("a session is a conversation, not one result")
        case _:
            assert_never(job)


def _converse(worker: Worker, job: SessionJob, channel: Channel) -> int:
    session = worker.open(Path(job.artifact), job.runtime)
    channel.send(Done(ready=True))
    for line in sys.stdin.buffer:
        request: GenerateRequest = load_union(GenerateRequest, line)
        for token in session.generate(request.ids, request.tokens):
            channel.send(Token(id=token))
            if token in request.stop:
                break
        channel.send(Done())
    session.close()
    return 0


def _failure(error: BaseException) -> Failure:
    kind = FailureKind.FAILED
    if isinstance(error, UnsupportedError):
        kind = FailureKind.UNSUPPORTED
    elif isinstance(error, InputError):
        kind = FailureKind.INVALID_INPUT
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
