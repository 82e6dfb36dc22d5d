"""Scores of anything that runs, on the ids of a text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgewright.app.intake.runnable import Runnable, source_of_build
from edgewright.app.steps.prepare import error_of
from edgewright.app.steps.score import score
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.records import Scores
from edgewright.core.recipe.recipes import scoring_runtime
from edgewright.inputs.gguf import begin_ids, is_gguf
from edgewright.ports import Context
from edgewright.tasks.text_generation.cross_validation import tokenize
from edgewright.tasks.text_generation.scoring import scoring_of


def segments(ids: tuple[int, ...], looks: Sequence[int]) -> list[tuple[int, ...]]:
    """What each look adds to the ones before; a text that ends early has fewer, and at least two ids each."""
    starts = (0, *looks[:-1])
    found = [ids[start:end] for start, end in zip(starts, looks, strict=True)]
    return [segment for segment in found if len(segment) > 1]


def ids_of(context: Context, subject: Runnable, text: str) -> tuple[int, ...]:
    """A text's ids by the tokenizer of what is run."""
    place = source_of_build(context, Path(subject.path))
    if place:
        return tuple(context.files.tokenizer(place).encode(text))
    answer = tokenize(context, subject.backend, subject.path, (text,), context.logs / "tokenize.log")
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer[0]


def begin_of(context: Context, subject: Runnable) -> tuple[int, ...]:
    """The ids that the tokenizer's own rules put before a text; a model is scored with them in every runtime alike."""
    path = Path(subject.path)
    if place := source_of_build(context, path):
        return context.files.tokenizer(place).begin_ids()
    file = path if path.is_file() else next(iter(sorted(path.glob("*.gguf"))), None)
    return begin_ids(file) if file and is_gguf(file) else ()


def scored(
    context: Context,
    subject: Runnable,
    ids: tuple[int, ...],
    window: int,
    *,
    prefix: tuple[int, ...] = (),
    reference: Path | None = None,
    keep: bool = False,
    limit_s: float | None = None,
) -> tuple[Scores, Path]:
    """The scores of what is run, and the directory that holds them (with its log-probabilities, if asked to ``keep`` them)."""
    context.reporter.phase(f"scoring {subject.name}")
    answer = score(
        context,
        subject.backend,
        scoring_of(
            ScoreJob(
                worker=subject.backend.worker,
                artifact=subject.path,
                runtime=scoring_runtime(subject.backend.name) if subject.source else subject.runtime,
                ids=ids,
                context=window,
                prefix=prefix,
                limit_s=limit_s,
            )
        ),
        identity=subject.identity,
        log=context.logs / f"{subject.backend.name}.log",
        reference=reference,
        keep_reference=keep,
    )
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer
