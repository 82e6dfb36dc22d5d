"""Minutes before hours: before a large model, a tiny one of the same architecture goes through each framework's whole chain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewright.app.optimize.state import State
from edgewright.app.steps.bench import bench
from edgewright.app.steps.build import build
from edgewright.app.steps.prepare import prepare
from edgewright.app.steps.score import score
from edgewright.core.jobs.requests import SourceOperation
from edgewright.core.jobs.results import Failure
from edgewright.core.keys import digest
from edgewright.core.measurement.data import SMOKE
from edgewright.core.measurement.records import Block, Pace, Workload
from edgewright.core.model.facts import Source, SourceKind
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Recipe
from edgewright.errors import EdgewrightError
from edgewright.ports import Context
from edgewright.ports.task import Subject

_WORKLOAD = Workload(prompt_tokens=16, decode_tokens=4)
_PACE = Pace(
    least_s=0.0, least_requests=1, warmup_least=1, warmup_most=1, sentinel=False, cut_s=5.0, least_latencies=0
)


def tiny_source(state: State) -> Source | None:
    """Two layers, random weights, the same architecture and tokenizer; None where it cannot be made (noted)."""
    source = state.setup.source
    if source.facts.gguf and source.facts.gguf.unmapped:
        state.record.note(
            "no dry run: Transformers cannot be given this model, so no tiny one can be made of it"
        )
        return None
    try:
        return prepare(
            state.setup.context,
            SourceOperation.TINY,
            Path(source.path),
            name=f"tiny {source.name}",
            said=source.origin,
            kind=SourceKind.DERIVED,
            fingerprint=source.digest,
        )
    except EdgewrightError as error:
        note = f"no dry run: a tiny model of this architecture could not be made ({error.message})"
        state.record.run = replace(state.record.run, notes=(*state.record.run.notes, note))
        return None


def dry_run(state: State, framework: str, tiny: Source) -> Failure | None:
    """Build, score and time the unquantized and one quantized recipe of a framework; the first failure, if any.

    A pass is remembered for this architecture and environment; a failure never is.
    """
    recipes = state.setup.plan.of(framework)
    backend = state.setup.context.backend(framework)
    key = digest(
        [
            tiny.digest,
            framework,
            backend.toolchain.builder.digest,
            backend.code_digest,
            [r.build for r in recipes],
        ]
    )
    if state.setup.context.store.find("dry-runs", key):
        return None
    able = {
        recipe.id for recipe in backend.recipes(tiny.facts)
    }  # the tiny model has no GGUF file that was given
    chosen = [recipes[0], *[r for r in recipes if not r.precision.unquantized and r.id in able][:1]]
    state.setup.context.reporter.phase(f"dry run of {framework} with a tiny model")
    base: Artifact | None = None
    context = replace(state.setup.context, measures=False)  # frameworks are tried beside each other
    for recipe in chosen:
        made = build(
            context,
            tiny,
            recipe,
            base if recipe.base else None,
            state.setup.log(recipe.id, "dry-run"),
            state.setup.exam.calibration,
        )
        if isinstance(made, Failure):
            return made
        base = base or made
        failure = _try(state, context, made, recipe)
        if failure:
            return failure
    with state.setup.context.store.building("dry-runs", key) as draft:
        draft.mkdir()
    return None


def _try(state: State, context: Context, artifact: Artifact, recipe: Recipe) -> Failure | None:
    backend, exam = context.backend(recipe.framework), state.setup.exam
    log = state.setup.log(recipe.id, "dry-run")
    subject = Subject(worker=backend.worker, artifact=artifact.path, runtime=recipe.runtime)
    asked = exam.scoring(SMOKE, subject)
    scores = score(context, backend, asked, identity=artifact.manifest.key, log=log)
    if isinstance(scores, Failure):
        return scores
    prepared = exam.expected(context, backend, artifact.path, log)
    if isinstance(prepared, Failure):
        return prepared
    block = bench(context, backend, exam.timing(subject, _WORKLOAD, _PACE), log)
    return None if isinstance(block, Block) else block
