"""Scores of a run: the original's, whose log-probabilities are kept, and those of its builds against them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewright.app.measure.limits import score_limit
from edgewright.app.optimize.state import State
from edgewright.app.steps.cross_validate import tokenize
from edgewright.app.steps.prepare import error_of
from edgewright.app.steps.score import score
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.accuracy import accuracy_values
from edgewright.core.measurement.quantity import Label, Value
from edgewright.core.measurement.records import Prompts, Scores
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Recipe, scoring_runtime
from edgewright.core.run import Status


def reference(state: State) -> None:
    """Score the original once, keep its log-probabilities, and learn its tokenizer's ids.

    Raises:
        EdgewrightError: without a baseline there is nothing to compare with.
    """
    context = state.setup.context
    context.reporter.phase("scoring the original")
    scores, state.measured.reference = score_reference(state, state.setup.ids, "score")
    state.measured.scores[state.setup.baseline_id] = scores
    ids = tokenize(
        context,
        state.setup.original,
        state.setup.source.path,
        state.setup.parity_texts,
        state.setup.log(state.setup.baseline_id, "tokenize"),
    )
    if isinstance(ids, Failure):
        raise error_of(ids)
    state.measured.expected_ids = ids
    baseline = replace(
        state.record.run.baseline,
        status=Status.SCORED,
        values=_baseline_values(state, scores),
        placement=scores.placement,
    )
    state.record.update(baseline, "scored")


def score_reference(
    state: State, ids: tuple[int, ...], step: str, prompts: Prompts | None = None
) -> tuple[Scores, Path]:
    """The original's scores of a text, with its log-probabilities kept for the builds to be compared with."""
    job = ScoreJob(
        worker=state.setup.original.worker,
        artifact=state.setup.source.path,
        runtime=scoring_runtime(state.setup.original.name),
        ids=ids,
        context=state.setup.request.context,
        prefix=state.setup.begin,
        prompts=prompts,
    )
    answer = score(
        state.setup.context,
        state.setup.original,
        job,
        identity=state.setup.source.digest,
        log=state.setup.log(state.setup.baseline_id, step),
        keep_reference=True,
    )
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer


def score_build(
    state: State,
    recipe: Recipe,
    artifact: Artifact | None,
    *,
    ids: tuple[int, ...] | None = None,
    reference: Path | None = None,
    prompts: Prompts | None = None,
) -> Scores | Failure:
    """A build's scores against the original's log-probabilities, on the explored text unless told otherwise."""
    if artifact is None or (against := reference or state.measured.reference) is None:
        raise AssertionError("a build is scored after it was built and the original was scored")
    state.setup.context.reporter.phase(f"scoring {recipe.id}")
    backend = state.setup.context.backend(recipe.framework)
    job = ScoreJob(
        worker=backend.worker,
        artifact=artifact.path,
        runtime=recipe.runtime,
        ids=ids or state.setup.ids,
        context=state.setup.request.context,
        prefix=state.setup.begin,
        limit_s=score_limit(
            state.setup.request.score_limit_s, state.measured.scores[state.setup.baseline_id].seconds
        ),
        prompt=() if ids else state.setup.prompt,
        answer=0 if ids else state.setup.request.workload.decode_tokens,
        prompts=prompts,
    )
    answer = score(
        state.setup.context,
        backend,
        job,
        identity=artifact.manifest.key,
        log=state.setup.log(recipe.id, "score"),
        reference=against,
    )
    return answer if isinstance(answer, Failure) else answer[0]


def _baseline_values(state: State, scores: Scores) -> dict[str, Value]:
    """The original's own figures: its perplexity, and the size of its source files."""
    size = Value(
        value=float(state.setup.source.facts.weight_bytes),
        unit="byte",
        label=Label.MEASURED,
        method="sum of the source's weight files",
        n=1,
    )
    return {**accuracy_values(scores), "size_bytes": size}
