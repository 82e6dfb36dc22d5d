"""Environments and dry runs, then each framework: conversion, cross-validation, candidates, a first timed round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from edgewright.core.accuracy import accuracy_values
from edgewright.core.answers import Failure
from edgewright.core.artifact import Artifact
from edgewright.core.jobs import ScoreJob
from edgewright.core.measurement import Prompts, Scores
from edgewright.core.model import Source
from edgewright.core.quantity import Label, Value
from edgewright.core.recipe import SCORING_RUNTIME, Recipe
from edgewright.core.run import Status
from edgewright.pipeline.arms import run_round
from edgewright.pipeline.beside import beside
from edgewright.pipeline.dry_run import dry_run
from edgewright.pipeline.mixing import mixed
from edgewright.pipeline.state import BASELINE, EXPLORE, State
from edgewright.stages.build import build
from edgewright.stages.cross_validate import cross_validate, tokenize
from edgewright.stages.prepare import error_of
from edgewright.stages.score import score

_SLOW_INSTALL_MIN = 3.0
_LARGE_BYTES = 2_000_000_000


def reference(state: State) -> None:
    """Score the original once, keep its log-probabilities, and learn its tokenizer's ids.

    Raises:
        EdgewrightError: without a baseline there is nothing to compare with.
    """
    shop = state.shop
    shop.reporter.phase("scoring the original")
    scores, state.reference = score_reference(state, state.ids, "score")
    state.scores[BASELINE] = scores
    ids = tokenize(
        shop, shop.reference, state.source.path, state.parity_texts, state.log(BASELINE, "tokenize")
    )
    if isinstance(ids, Failure):
        raise error_of(ids)
    state.expected_ids = ids
    baseline = replace(
        state.run.baseline,
        status=Status.SCORED,
        values=baseline_values(state, scores),
        placement=scores.placement,
    )
    state.update(baseline, "scored")


def score_reference(
    state: State, ids: tuple[int, ...], step: str, prompts: Prompts | None = None
) -> tuple[Scores, Path]:
    """The original's scores of a text, with its log-probabilities kept for the builds to be compared with."""
    job = ScoreJob(
        worker=state.shop.reference.worker,
        artifact=state.source.path,
        runtime=SCORING_RUNTIME,
        ids=ids,
        context=state.request.context,
        prompts=prompts,
    )
    answer = score(
        state.shop,
        state.shop.reference,
        job,
        identity=state.source.digest,
        log=state.log(BASELINE, step),
        keep_reference=True,
    )
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer


def enter(state: State, frameworks: Sequence[str], tiny: Source | None) -> list[str]:
    """Those whose environment is ready and which a tiny model went through; candidates of the others fall out."""
    ready = [framework for framework in frameworks if _installed(state, framework)]
    if tiny is None:
        return ready
    passed: list[str] = []

    def settle(tried: tuple[str, Failure | None]) -> None:
        framework, failure = tried
        if failure is None:
            passed.append(framework)
            return
        for recipe in state.plan.of(framework):
            state.fail(recipe, failure, "dry run with a tiny model")

    tasks = [partial(_tried, state, framework, tiny) for framework in ready]
    beside(state.shop.runner, state.at_once(), tasks, settle)
    return passed


def _tried(state: State, framework: str, tiny: Source) -> tuple[str, Failure | None]:
    return framework, dry_run(state, framework, tiny)


def _installed(state: State, framework: str) -> bool:
    if state.out_of_time():
        _postpone(state, state.plan.of(framework))
        return False
    spec = state.shop.backend(framework).toolchain
    state.shop.reporter.phase(f"toolchain {spec.title}")
    ready = state.shop.toolchains.ensure(spec, state.shop.reporter.tell)
    if not ready.ready:
        for recipe in state.plan.of(framework):
            reason = f"{ready.reason}. {ready.hint}".strip()
            status = Status.UNAVAILABLE if ready.supported else Status.UNSUPPORTED
            trial = replace(state.trials[recipe.id], status=status, reason=reason)
            state.update(trial, "unavailable")
    return ready.ready


def explore(state: State, framework: str) -> None:
    """Build and score one framework's candidates, then time them in one round with the baseline."""
    recipes = state.plan.of(framework)
    if state.out_of_time():
        _postpone(state, recipes)
        return
    first = _convert(state, recipes[0])
    if first is None:
        return
    made = {recipes[0].name: first}
    waiting = list(recipes[1:])
    if not state.out_of_time() and (own := mixed(state, framework, first)):
        waiting.append(own)
    while waiting:
        possible = [recipe for recipe in waiting if not recipe.base or recipe.base in made]
        if not possible:
            for recipe in waiting:
                _skip(state, recipe, f"it is made from {framework}/{recipe.base}, which could not be built")
            break
        waiting = [recipe for recipe in waiting if recipe not in possible]
        made |= _built(state, possible, made)
        for recipe in possible:
            if recipe.auxiliary:
                _stand_in(state, recipe, made)
            elif recipe.name in made:
                _score(state, recipe, made[recipe.name])
    names = [trial.id for trial in state.trials.values() if trial.recipe.framework == framework]
    run_round(state, f"{EXPLORE}{framework}", names, state.request.pace)
    state.judge()


def _stand_in(state: State, recipe: Recipe, made: dict[str, Artifact]) -> None:
    """What others are made from can be missing: they are then made from what it would have been made from."""
    if recipe.name not in made:
        made[recipe.name] = made[recipe.base]
        state.note(
            f"{recipe.id} could not be made, and builds go without it: {state.trials[recipe.id].reason}"
        )


def _built(state: State, recipes: Sequence[Recipe], bases: Mapping[str, Artifact]) -> dict[str, Artifact]:
    """Builds of recipes whose bases are there, made beside each other; those that fail are recorded."""
    made: dict[str, Artifact] = {}

    def settle(answer: tuple[Recipe, Artifact | Failure | None]) -> None:
        recipe, artifact = answer
        if artifact is None:
            _postpone(state, [recipe])
        elif isinstance(artifact, Failure):
            state.fail(recipe, artifact, "build")
        else:
            state.built(artifact)
            made[recipe.name] = artifact

    tasks = [partial(_build, state, recipe, bases.get(recipe.base)) for recipe in recipes]
    beside(state.shop.runner, state.at_once(), tasks, settle)
    return made


def _build(state: State, recipe: Recipe, base: Artifact | None) -> tuple[Recipe, Artifact | Failure | None]:
    """A recipe with its build; with None where the time is spent before it begins."""
    if state.out_of_time():
        return recipe, None
    log = state.log(recipe.id, "build")
    return recipe, build(state.shop, state.source, recipe, base, log, state.calibration)


def _score(state: State, recipe: Recipe, artifact: Artifact) -> None:
    if state.out_of_time():
        _postpone(state, [recipe])
        return
    scores = score_build(state, recipe, artifact)
    if isinstance(scores, Failure):
        state.fail(recipe, scores, "scoring")
    else:
        state.scored(recipe, scores)


def _postpone(state: State, recipes: Sequence[Recipe]) -> None:
    """Candidates that the budget leaves for the next run of the same command."""
    for recipe in recipes:
        reason = "the time budget was spent; the same command with more time goes on"
        state.update(replace(state.trials[recipe.id], reason=reason), "out-of-time")


def _convert(state: State, recipe: Recipe) -> Artifact | None:
    """The unquantized conversion, held against the original before anything is made of it."""
    made = build(state.shop, state.source, recipe, None, state.log(recipe.id, "build"))
    failure = made if isinstance(made, Failure) else None
    scores: Scores | Failure | None = None
    if not isinstance(made, Failure):
        state.built(made)
        scores = score_build(state, made.recipe, made)
        failure = scores if isinstance(scores, Failure) else None
    if isinstance(made, Failure) or isinstance(scores, Failure) or scores is None:
        if failure:
            state.fail(recipe, failure, "conversion")
        for other in state.plan.of(recipe.framework)[1:]:
            _skip(state, other, f"the unquantized conversion failed: {failure.reason if failure else ''}")
        return None
    state.shop.reporter.phase(f"comparing {recipe.id} with the original")
    cross = cross_validate(
        state.shop,
        made,
        scores,
        facts=state.source.facts,
        texts=state.parity_texts,
        expected=state.expected_ids,
        log=state.log(recipe.id, "tokenize"),
    )
    state.crosses.append(cross)
    state.scored(recipe, scores)
    if not cross.equal:
        for other in state.plan.of(recipe.framework):
            reason = f"the unquantized conversion differs from the original: {cross.cause}"
            state.update(replace(state.trials[other.id], status=Status.BROKEN, reason=reason), "broken")
        return None
    return made


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
    if artifact is None or (against := reference or state.reference) is None:
        raise AssertionError("a build is scored after it was built and the original was scored")
    state.shop.reporter.phase(f"scoring {recipe.id}")
    backend = state.shop.backend(recipe.framework)
    job = ScoreJob(
        worker=backend.worker,
        artifact=artifact.path,
        runtime=recipe.runtime,
        ids=ids or state.ids,
        context=state.request.context,
        limit_s=max(state.request.score_limit_s, round(1.5 * state.scores[BASELINE].seconds)),
        prompt=() if ids else state.prompt,
        answer=0 if ids else state.request.workload.decode_tokens,
        prompts=prompts,
    )
    answer = score(
        state.shop,
        backend,
        job,
        identity=artifact.manifest.key,
        log=state.log(recipe.id, "score"),
        reference=against,
    )
    return answer if isinstance(answer, Failure) else answer[0]


def _skip(state: State, recipe: Recipe, reason: str) -> None:
    state.update(replace(state.trials[recipe.id], status=Status.SKIPPED, reason=reason), "skipped")


def baseline_values(state: State, scores: Scores) -> dict[str, Value]:
    """The original's own figures: its perplexity, and the size of its source files."""
    size = Value(
        value=float(state.source.facts.weight_bytes),
        unit="byte",
        label=Label.MEASURED,
        method="sum of the source's weight files",
        n=1,
    )
    return {**accuracy_values(scores), "size_bytes": size}


def slow_to_install(state: State, framework: str) -> bool:
    """Whether a framework's environment is worth waiting with: long to make, and the model is small."""
    spec = state.shop.backend(framework).toolchain
    minutes = spec.install_minutes + (spec.native.minutes_on_two_cores if spec.native else 0.0)
    late = minutes > _SLOW_INSTALL_MIN and not state.shop.toolchains.state(spec).ready
    return late and state.source.facts.weight_bytes < _LARGE_BYTES
