"""Scoring of a build or of the original, as its task asks for it, once per (artifact, options, data, protocol)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgewright.core.jobs.results import Failure
from edgewright.core.keys import digest
from edgewright.core.measurement.records import PROTOCOL_VERSION
from edgewright.ports import Backend, Context, JobFailed
from edgewright.ports.task import Scoring

_RECORD = "scores.json"
REFERENCE_FILE = "log_probabilities.npy"
"""What the original put out; of a text, packed by `edgewright.worker.packed`."""


def score(
    context: Context,
    backend: Backend,
    scoring: Scoring,
    *,
    identity: str,
    log: Path,
    reference: Path | None = None,
    keep_reference: bool = False,
) -> tuple[Any, Path] | Failure:
    """The scores that a task asks for, and the store directory that holds them.

    ``identity`` names the bytes of the job's artifact. ``reference`` is the directory of an earlier scoring whose
    outputs were kept (``keep_reference``), which these scores are compared with.
    """
    job = scoring.job
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
        result = context.ask(backend.toolchain, exact, scoring.result, log=log)
        if isinstance(result, Failure):
            raise JobFailed(result)
        context.files.write(draft / _RECORD, result.scores)

    found = context.store.find("scores", key) or context.keep("scores", key, make, what="The scores", log=log)
    return (
        found if isinstance(found, Failure) else (context.files.read(found / _RECORD, scoring.record), found)
    )
