"""A conversion on windows at both sides of every length at which the model changes; the evaluation text has one length only."""

from __future__ import annotations

from dataclasses import replace

from edgewright.app.optimize.state import State
from edgewright.app.steps.score import score
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.records import Scores
from edgewright.core.model.lengths import validation_lengths
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Recipe, scoring_runtime

_LIMIT_S = 60.0
"""A slow runtime scores what it can of the windows in this time, the short one first."""


def score_lengths(state: State, recipe: Recipe, artifact: Artifact) -> Scores | Failure | None:
    """The conversion's scores on such windows against the original's; None for a model that never changes."""
    points = state.setup.source.facts.turning_points
    if not points:
        return None
    lengths = validation_lengths(points)
    job = ScoreJob(
        worker=state.setup.original.worker,
        artifact=state.setup.source.path,
        runtime=scoring_runtime(state.setup.original.name),
        ids=state.setup.ids[: sum(lengths)],
        context=max(lengths),
        prefix=state.setup.begin,
        lengths=lengths,
    )
    log = state.setup.log(state.setup.baseline_id, "score-lengths")
    kept = score(
        state.setup.context,
        state.setup.original,
        job,
        identity=state.setup.source.digest,
        log=log,
        keep_reference=True,
    )
    if isinstance(kept, Failure):
        return kept
    backend = state.setup.context.backend(recipe.framework)
    state.setup.context.reporter.phase(
        f"scoring {recipe.id} on windows of {' and '.join(map(str, lengths))} tokens"
    )
    answer = score(
        state.setup.context,
        backend,
        replace(job, worker=backend.worker, artifact=artifact.path, runtime=recipe.runtime, limit_s=_LIMIT_S),
        identity=artifact.manifest.key,
        log=state.setup.log(recipe.id, "score-lengths"),
        reference=kept[1],
    )
    return answer if isinstance(answer, Failure) else answer[0]
