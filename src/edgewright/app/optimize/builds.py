"""Builds of one framework's recipes, each from its base, and their scores; what fails is recorded and never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from edgewright.app.optimize.parallel import run_parallel
from edgewright.app.optimize.scoring import score_build, score_reference
from edgewright.app.optimize.state import State
from edgewright.app.steps.build import build
from edgewright.app.steps.prepare import prepare
from edgewright.core.decision.verdict import Outcome, Verdict, judge
from edgewright.core.jobs.requests import SourceOperation
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.core.measurement.data import GLANCE
from edgewright.core.measurement.quantity import METRICS, Value
from edgewright.core.model.facts import SourceKind
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.pruning import parse
from edgewright.core.recipe.recipes import Recipe
from edgewright.core.run import Status, Trial
from edgewright.errors import EdgewrightError
from edgewright.reasons import Reason, because

_UNCHANGED = 0.98
"""Of the unquantized build's bits per weight: what is above quantized no matrix of any size."""
_PRUNING_TOKENS = 4096
"""Calibration ids that a pruning looks at."""


def make(
    state: State,
    recipes: Sequence[Recipe],
    *,
    glance: bool = False,
    unless: Callable[[Artifact], Reason | None] = lambda _: None,
) -> None:
    """Build and score recipes; their bases are among them, or were made before (``state.measured.made``).

    A build is not scored where ``unless`` gives a reason. With ``glance`` the first window is scored before the rest: a build
    that surely fails a gate on it is left there.
    """
    made = state.measured.made
    waiting = [recipe for recipe in recipes if _has_source(state, recipe)]
    while waiting:
        possible = [recipe for recipe in waiting if not recipe.base or recipe.base_id in made]
        if not possible:
            for recipe in waiting:
                skip(state, recipe, because("base_failed", base=recipe.base_id))
            break
        waiting = [recipe for recipe in waiting if recipe not in possible]
        made |= _built(state, possible, made)
        for recipe in possible:
            if recipe.auxiliary:
                _stand_in(state, recipe, made)
            elif recipe.id not in made:
                continue
            elif reason := unless(made[recipe.id]):
                skip(state, recipe, reason)
            else:
                _score(state, recipe, made[recipe.id], glance=glance)


def _has_source(state: State, recipe: Recipe) -> bool:
    """Whether the source that a recipe is made from is there, or could be made; a failure is recorded."""
    if not recipe.source or recipe.source in state.measured.sources:
        return True
    pruning = parse(recipe.source)
    try:
        state.measured.sources[recipe.source] = prepare(
            state.setup.context,
            SourceOperation.PRUNE,
            Path(state.setup.source.path),
            name=f"{state.setup.source.name}~{pruning.name}",
            reference=state.setup.source.origin,
            kind=SourceKind.DERIVED,
            fingerprint=state.setup.source.digest,
            options=pruning.options,
            ids=(state.setup.exam.calibration.begin + state.setup.exam.calibration.ids)[:_PRUNING_TOKENS],
            notes=state.setup.source.notes,
        )
    except EdgewrightError as error:
        state.record.fail(recipe, Failure(failure=FailureKind.FAILED, reason=str(error)), "pruning")
        return False
    return True


def _stand_in(state: State, recipe: Recipe, made: dict[str, Artifact]) -> None:
    """What others are made from can be missing: they are then made from what it would have been made from."""
    if recipe.id not in made:
        made[recipe.id] = made[recipe.base_id]
        why = state.record.trials[recipe.id].reason or because("no_reason")
        state.record.note(because("made_without", build=recipe.id, reason=why))


def _built(state: State, recipes: Sequence[Recipe], bases: Mapping[str, Artifact]) -> dict[str, Artifact]:
    """Builds of recipes whose bases are there, made beside each other; those that fail are recorded."""
    made: dict[str, Artifact] = {}

    def settle(answer: tuple[Recipe, Artifact | Failure | None]) -> None:
        recipe, artifact = answer
        if artifact is None:
            mark_out_of_time(state, [recipe])
        elif isinstance(artifact, Failure):
            state.record.fail(recipe, artifact, "build")
        else:
            state.record.built(artifact)
            if reason := _quantized_nothing(state, artifact):
                skip(state, recipe, reason)
            else:
                made[recipe.id] = artifact

    tasks = [partial(_build, state, recipe, bases.get(recipe.base_id)) for recipe in recipes]
    run_parallel(state.setup.context.runner, state.setup.at_once(), tasks, settle)
    return made


def _quantized_nothing(state: State, artifact: Artifact) -> Reason | None:
    """Why a build is not what its name says: no row was long enough for its groups; None where it is."""
    plain = state.record.trials[state.setup.plan.of(artifact.recipe.framework)[0].id].artifact
    if artifact.recipe.precision.unquantized or plain is None:
        return None
    mine, whole = artifact.manifest.bits_per_weight, plain.manifest.bits_per_weight
    if mine < _UNCHANGED * whole:
        return None
    return because("nothing_quantized", bits=mine, unquantized=whole)


def _build(state: State, recipe: Recipe, base: Artifact | None) -> tuple[Recipe, Artifact | Failure | None]:
    """A recipe with its build; with None where the time is spent before it begins."""
    if state.setup.out_of_time():
        return recipe, None
    log = state.setup.log(recipe.id, "build")
    source = state.measured.sources[recipe.source] if recipe.source else state.setup.source
    return recipe, build(
        state.setup.context, source, recipe, base, log, state.setup.exam.calibration, files=False
    )


def _score(state: State, recipe: Recipe, artifact: Artifact, *, glance: bool) -> None:
    if state.setup.out_of_time():
        mark_out_of_time(state, [recipe])
        return
    if glance and (lost := _glance(state, recipe, artifact)):
        state.record.update(lost, "stopped-early")
        return
    scores = score_build(state, recipe, artifact)
    if isinstance(scores, Failure):
        state.record.fail(recipe, scores, "scoring")
    else:
        state.scored(recipe, scores)


def _glance(state: State, recipe: Recipe, artifact: Artifact) -> Trial | None:
    """The trial as it ends if its accuracy on the first window surely fails a gate; None if it goes on."""
    if not state.setup.exam.has(GLANCE):
        return None
    _, reference = score_reference(state, GLANCE)
    scores = score_build(state, recipe, artifact, part=GLANCE, reference=reference)
    if isinstance(scores, Failure):
        return None
    values = state.setup.exam.accuracy([scores])
    verdicts = _accuracy_verdicts(state, values)
    lost = next((verdict for verdict in verdicts if verdict.outcome is Outcome.FAIL), None)
    if lost is None:
        return None
    trial = state.record.trials[recipe.id]
    reason = because(
        "stopped_early",
        tokens=scores.tokens,
        metric=lost.gate.metric,
        value=lost.value or 0.0,
        bound=lost.gate.bound,
    )
    return replace(
        trial,
        status=Status.SKIPPED,
        reason=reason,
        values={**trial.values, **values},
        verdicts=tuple(verdicts),
        outcome=Outcome.FAIL,
    )


def accuracy_lost(state: State, trial: Trial) -> bool:
    """Whether a scored build surely fails a gate on accuracy, or has no scores."""
    if state.setup.request.policy.axes["accuracy"] not in trial.values:
        return True
    return any(v.outcome is Outcome.FAIL for v in _accuracy_verdicts(state, trial.values))


def _accuracy_verdicts(state: State, values: Mapping[str, Value]) -> list[Verdict]:
    gates = [gate for gate in state.setup.request.policy.gates if not METRICS[gate.metric].is_device_bound]
    return [judge(gate, values[gate.metric]) for gate in gates if gate.metric in values]


def mark_out_of_time(state: State, recipes: Sequence[Recipe]) -> None:
    """Candidates that the budget leaves for the next run of the same command."""
    for recipe in recipes:
        reason = because("out_of_time")
        state.record.update(replace(state.record.trials[recipe.id], reason=reason), "out-of-time")


def skip(state: State, recipe: Recipe, reason: Reason) -> None:
    state.record.update(
        replace(state.record.trials[recipe.id], status=Status.SKIPPED, reason=reason), "skipped"
    )
