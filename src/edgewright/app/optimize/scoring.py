"""Scores of a run: the original's, whose outputs are kept, and those of its builds against them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgewright.app.measure.limits import score_limit
from edgewright.app.optimize.state import State
from edgewright.app.steps.prepare import error_of
from edgewright.app.steps.score import score
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.data import EXPLORED, VALIDATION, Part
from edgewright.core.measurement.quantity import Label, Value
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Recipe, scoring_runtime
from edgewright.core.run import Status
from edgewright.ports.task import Scored, Subject

_VALIDATION_LIMIT_S = 60.0
"""A slow runtime scores what it can of the validation data in this time."""


def reference(state: State) -> None:
    """Score the original once, keep its outputs, and learn what conversions are held against.

    Raises:
        EdgewrightError: without a baseline there is nothing to compare with.
    """
    setup, measured = state.setup, state.measured
    setup.context.reporter.phase("scoring the original")
    scores, measured.reference = score_reference(state, EXPLORED)
    measured.scores[setup.baseline_id] = scores
    log = setup.log(setup.baseline_id, "tokenize")
    expected = setup.exam.expected(setup.context, setup.original, setup.source.path, log)
    if isinstance(expected, Failure):
        raise error_of(expected)
    measured.expected = expected
    values = {**setup.exam.accuracy([scores]), "size_bytes": _size(state)}
    baseline = state.record.run.baseline
    scored = replace(baseline, status=Status.SCORED, values=values, placement=scores.placement)
    state.record.update(scored, "scored")


def score_reference(state: State, part: Part) -> tuple[Any, Path]:
    """The original's scores of a part, with its outputs kept for the builds to be compared with.

    Raises:
        EdgewrightError: it could not be scored.
    """
    answer = _reference(state, part)
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer


def _reference(state: State, part: Part) -> tuple[Any, Path] | Failure:
    setup = state.setup
    subject = Subject(
        worker=setup.original.worker,
        artifact=setup.source.path,
        runtime=scoring_runtime(setup.original.name),
    )
    return score(
        setup.context,
        setup.original,
        setup.exam.scoring(part, subject),
        identity=setup.source.digest,
        log=setup.log(setup.baseline_id, f"score-{part.kind}-{part.number}"),
        keep_reference=True,
    )


def score_build(
    state: State,
    recipe: Recipe,
    artifact: Artifact | None,
    *,
    part: Part = EXPLORED,
    reference: Path | None = None,
    limit_s: float | None = None,
) -> Scored | Failure:
    """A build's scores against the original's outputs, on the explored part unless told otherwise."""
    if artifact is None or (against := reference or state.measured.reference) is None:
        raise AssertionError("a build is scored after it was built and the original was scored")
    setup = state.setup
    setup.context.reporter.phase(f"scoring {recipe.id}")
    backend = setup.context.backend(recipe.framework)
    original_s = state.measured.scores[setup.baseline_id].seconds
    limit_s = limit_s or score_limit(setup.request.score_limit_s, original_s)
    subject = Subject(worker=backend.worker, artifact=artifact.path, runtime=recipe.runtime)
    answer = score(
        setup.context,
        backend,
        setup.exam.scoring(part, subject, limit_s),
        identity=artifact.manifest.key,
        log=setup.log(recipe.id, "score"),
        reference=against,
    )
    return answer if isinstance(answer, Failure) else answer[0]


def score_validation(state: State, recipe: Recipe, artifact: Artifact) -> Scored | Failure | None:
    """A conversion's scores where its task says that conversions break; None where the explored part says it all."""
    if not state.setup.exam.has(VALIDATION):
        return None
    kept = _reference(state, VALIDATION)
    if isinstance(kept, Failure):
        return kept
    return score_build(
        state, recipe, artifact, part=VALIDATION, reference=kept[1], limit_s=_VALIDATION_LIMIT_S
    )


def _size(state: State) -> Value:
    return Value(
        value=float(state.setup.source.facts.weight_bytes),
        unit="byte",
        label=Label.MEASURED,
        method="sum of the source's weight files",
        n=1,
    )
