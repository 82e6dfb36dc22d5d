"""Teacher-forced scoring of a build or of the original, once per (artifact, options, text, protocol)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure, ScoreResult
from edgewright.core.keys import digest
from edgewright.core.measurement.records import PROTOCOL_VERSION, Scores
from edgewright.ports import Backend, Context, JobFailed

_RECORD = "scores.json"
REFERENCE_FILE = "log_probabilities.npy"
"""Packed by `edgewright.worker.packed`."""
_TIMEOUT_S = 1800.0


def score(
    context: Context,
    backend: Backend,
    job: ScoreJob,
    *,
    identity: str,
    log: Path,
    reference: Path | None = None,
    keep_reference: bool = False,
) -> tuple[Scores, Path] | Failure:
    """The scores of a ``job`` and the store directory that holds them.

    ``identity`` names the bytes of the job's artifact. ``reference`` is the directory of an earlier scoring whose
    log-probabilities were kept (``keep_reference``), which these scores are compared with.
    """
    asked = digest(replace(job, worker="", artifact=""))
    made_by = [identity, backend.toolchain.digest, backend.code_digest]
    key = digest([PROTOCOL_VERSION, *made_by, asked, reference.name if reference else "", keep_reference])

    def make(draft: Path) -> None:
        draft.mkdir()
        exact = replace(
            job,
            reference=str(reference / REFERENCE_FILE) if reference else "",
            write_reference=str(draft / REFERENCE_FILE) if keep_reference else "",
        )
        result = context.ask(backend.toolchain, exact, ScoreResult, log=log, timeout_s=_TIMEOUT_S)
        if isinstance(result, Failure):
            raise JobFailed(result)
        context.files.write(draft / _RECORD, result.scores)

    found = context.store.find("scores", key) or context.keep("scores", key, make, what="The scores", log=log)
    return found if isinstance(found, Failure) else (context.files.read(found / _RECORD, Scores), found)
