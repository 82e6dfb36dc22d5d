"""Intake's second half: a portable source directory in the store, from wherever the model came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edgewright.core.jobs.requests import SourceJob, SourceOperation
from edgewright.core.jobs.results import Failure, FailureKind, SourceResult
from edgewright.core.keys import digest
from edgewright.core.measurement.data import Ids
from edgewright.core.model.facts import ModelFacts, Source, SourceKind
from edgewright.core.recipe.recipes import Option
from edgewright.errors import (
    EdgewrightError,
    InputError,
    OfflineError,
    ResourceError,
    UnsupportedError,
    WorkerError,
)
from edgewright.ports import Context

_RECORD = "edgewright-source.json"


def prepare(
    context: Context,
    operation: SourceOperation,
    origin: Path,
    *,
    name: str,
    said: str,
    kind: SourceKind,
    fingerprint: str,
    options: Mapping[str, Option] | None = None,
    ids: Ids = (),
    notes: tuple[str, ...] = (),
    facts: ModelFacts | None = None,
) -> Source:
    """The source directory made by ``operation`` from ``origin``, made once and kept.

    ``facts`` are the origin's, where it is a GGUF file: the source keeps what they say of that file.

    Raises:
        InputError, UnsupportedError, ResourceError, WorkerError: what the reference said of it.
    """
    chosen = dict(options or {})
    spec = context.reference.toolchain
    seen = [digest(list(ids))] if ids else []
    key = digest([operation, fingerprint, chosen, spec.builder.digest, context.reference.code_digest, *seen])
    found = context.store.find("sources", key)
    if found is None:
        context.reporter.phase(f"preparing {name}")
        with context.store.building("sources", key) as draft:
            job = SourceJob(
                worker=context.reference.worker,
                operation=operation,
                origin=str(origin),
                out=str(draft),
                options=chosen,
                ids=ids,
            )
            log = context.logs / f"source-{operation}.log"
            result = context.ask(spec, job, SourceResult, log=log)
            if isinstance(result, Failure):
                raise error_of(result)
            made = Source(
                path="",
                digest=context.files.tree_digest(draft),
                name=name,
                kind=kind,
                origin=said,
                facts=_facts(context, draft, facts, result.largest_weight),
                notes=(*notes, *result.notes),
                original=str(origin) if facts and facts.gguf else "",
            )
            context.files.write(draft / _RECORD, made)
        found = context.store.find("sources", key)
    if found is None:
        raise WorkerError("The source directory was not written.")
    source: Source = context.files.read(found / _RECORD, Source)
    return replace(source, path=str(found), name=name, origin=said)


def _facts(context: Context, draft: Path, origin: ModelFacts | None, largest_weight: float) -> ModelFacts:
    """What the directory's own files say; of a model that is run from its file only, what that file says."""
    gguf = origin.gguf if origin else None
    if origin and gguf and gguf.unmapped:
        return origin
    return replace(context.files.facts(draft), gguf=gguf, largest_weight=largest_weight)


def error_of(answer: object) -> EdgewrightError:
    """A failed job as the error a user sees."""
    if not isinstance(answer, Failure):
        return WorkerError("The worker answered with something else.")
    kinds = {
        FailureKind.UNSUPPORTED: UnsupportedError,
        FailureKind.INVALID_INPUT: InputError,
        FailureKind.RESOURCE: ResourceError,
        FailureKind.OFFLINE: OfflineError,
    }
    hint = f"The log is {answer.log}." if answer.log else ""
    return kinds.get(answer.failure, WorkerError)(answer.reason, hint=hint)
