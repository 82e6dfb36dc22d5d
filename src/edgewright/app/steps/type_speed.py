"""How fast a runtime decodes with each type of weights on this host; measured once for a host and a toolchain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgewright.core.jobs.requests import TypeSpeedJob
from edgewright.core.jobs.results import Failure, FailureKind, TypeSpeedResult
from edgewright.core.keys import digest
from edgewright.ports import Backend, Context, JobFailed

_RECORD = "type-speed.json"


def type_speed(
    context: Context, backend: Backend, types: Sequence[str], device: str, log: Path
) -> Mapping[str, float] | Failure:
    """Seconds that one weight of each type takes in decoding one token; empty where the runtime cannot say."""
    key = digest([backend.toolchain.digest, backend.code_digest, device, list(types)])

    def make(draft: Path) -> None:
        draft.mkdir()
        job = TypeSpeedJob(worker=backend.worker, types=tuple(types), scratch=str(draft / "scratch"))
        context.reporter.phase(f"timing {backend.name}'s types of weights")
        result = context.ask(backend.toolchain, job, TypeSpeedResult, log=log)
        if isinstance(result, Failure):
            raise JobFailed(result)
        context.files.write(draft / _RECORD, result)

    kept = context.store.find("type-speed", key)
    found = kept or context.keep("type-speed", key, make, what="The types' times", log=log)
    if isinstance(found, Failure):
        return {} if found.failure is FailureKind.UNSUPPORTED else found
    answer: TypeSpeedResult = context.files.read(found / _RECORD, TypeSpeedResult)
    return answer.seconds
