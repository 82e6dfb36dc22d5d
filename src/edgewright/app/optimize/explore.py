"""Each framework: conversion, cross-validation, candidates, a first timed round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from edgewright.app.intake.cause import Side, likely_cause
from edgewright.app.optimize.arms import run_round
from edgewright.app.optimize.builds import accuracy_lost, make, postpone, skip
from edgewright.app.optimize.mixed_precision import mixed, smallest_within
from edgewright.app.optimize.scoring import score_build, score_validation
from edgewright.app.optimize.state import State
from edgewright.app.steps.build import build
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.rounds import Phase, RoundKey
from edgewright.core.model.proof import KERNEL_KL
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Recipe, scoring_runtime
from edgewright.core.run import Status
from edgewright.ports.task import Scored

_SMALLEST_TRIES = 4
_NEARER = 0.6
"""By how much less KL divergence the next larger allocation is asked for."""


def explore(state: State, framework: str) -> None:
    """Build and score one framework's candidates, then time them in one round with the baseline."""
    recipes = state.setup.plan.of(framework)
    if state.setup.out_of_time():
        postpone(state, recipes)
        return
    first = convert(state, recipes[0])
    if first is None:
        return
    state.measured.made[first.manifest.recipe.id] = first
    searched = state.setup.request.searches and state.setup.context.backend(framework).space(
        state.setup.source.facts
    )
    wanted = list(_first_of(recipes) if searched else recipes[1:])
    if not state.setup.out_of_time() and (own := mixed(state, framework, first)):
        wanted.append(own)
    make(state, wanted)
    if state.setup.request.smallest:
        _smallest(state, framework, first)
    names = [trial.id for trial in state.record.trials.values() if trial.recipe.framework == framework]
    if reason := state.setup.untimed(framework):
        for name in filter(state.record.alive, names):
            left = replace(state.record.trials[name], status=Status.UNTIMED, reason=reason)
            state.record.update(left, "not-timed")
        return
    run_round(state, RoundKey(phase=Phase.EXPLORE, group=framework), names, state.setup.request.pace)
    state.judge()


def _smallest(state: State, framework: str, first: Artifact) -> None:
    """Allocate to ever larger sizes, from the smallest that may keep the gates on accuracy, until one keeps them."""
    kept: list[float] = []
    lost: list[float] = []
    for trial in state.record.trials.values():
        kl = trial.values.get("kl_divergence")
        if trial.recipe.framework == framework and kl is not None and kl.value:
            (lost if accuracy_lost(state, trial) else kept).append(kl.value)
    most = max(kept, default=0.0)
    beyond = min((kl for kl in lost if kl > most), default=most)
    limit = (most * beyond) ** 0.5
    for _ in range(_SMALLEST_TRIES):
        tried = (
            smallest_within(state, framework, first, limit)
            if limit and not state.setup.out_of_time()
            else None
        )
        if tried is None:
            return
        state.record.update(tried, "mixed")
        make(state, [tried.recipe])
        if not accuracy_lost(state, state.record.trials[tried.id]):
            return
        limit *= _NEARER


def _first_of(recipes: Sequence[Recipe]) -> list[Recipe]:
    """What a search begins with after the conversion.

    What others are made from, pruned models that were asked for, and the platform's own way, or one build.
    """
    asked = [recipe for recipe in recipes[1:] if recipe.auxiliary or recipe.source]
    rest = [recipe for recipe in recipes[1:] if recipe not in asked]
    return [*asked, *([recipe for recipe in rest if recipe.leads] or rest[:1])]


def convert(state: State, recipe: Recipe) -> Artifact | None:
    """The unquantized conversion, held against the original before anything is made of it."""
    made = build(state.setup.context, state.setup.source, recipe, None, state.setup.log(recipe.id, "build"))
    failure = made if isinstance(made, Failure) else None
    scores: Scored | Failure | None = None
    if not isinstance(made, Failure):
        state.record.built(made)
        scores = score_build(state, made.recipe, made)
        failure = scores if isinstance(scores, Failure) else None
    if isinstance(made, Failure) or isinstance(scores, Failure) or scores is None:
        if failure:
            state.record.fail(recipe, failure, "the unquantized conversion failed")
        for other in state.setup.plan.of(recipe.framework)[1:]:
            skip(state, other, state.record.trials[recipe.id].reason)
        return None
    validated = score_validation(state, recipe, made)
    if isinstance(validated, Failure):
        state.record.note(f"{recipe.id} was compared at one length only: {validated.reason}")
        validated = None
    setup = state.setup
    setup.context.reporter.phase(f"comparing {recipe.id} with the original")
    cross = setup.exam.cross_validate(
        setup.context,
        made,
        scores,
        state.measured.expected,
        log=setup.log(recipe.id, "tokenize"),
        validation=validated,
        limit=_noise(state),
        cause=partial(_cause, state, recipe, made),
    )
    state.record.crosses.append(cross)
    state.scored(recipe, scores)
    if not cross.equal:
        for other in state.setup.plan.of(recipe.framework):
            reason = f"the unquantized conversion differs from the original: {cross.cause}"
            state.record.update(
                replace(state.record.trials[other.id], status=Status.BROKEN, reason=reason), "broken"
            )
        return None
    return made


def _noise(state: State) -> float | None:
    """What a conversion may differ by where the original runs in kernels that round activations; else its precision says."""
    gguf = state.setup.source.facts.gguf
    quantized = gguf is not None and bool(gguf.unmapped) and gguf.bits_per_weight < 16.0
    return KERNEL_KL if quantized else None


def _cause(state: State, recipe: Recipe, made: Artifact) -> str:
    original = Side(
        backend=state.setup.original,
        artifact=state.setup.source.path,
        runtime=scoring_runtime(state.setup.original.name),
    )
    other = Side(
        backend=state.setup.context.backend(recipe.framework), artifact=made.path, runtime=recipe.runtime
    )
    return likely_cause(
        state.setup.context,
        original,
        other,
        state.setup.exam.traced,
        state.setup.log(recipe.id, "trace"),
    )
