"""One framework and a brief confirmation: a question that is answered with as little as decides it.

Builds are tried one at a time, the most precise first. One that is too large to be as fast as is asked is not measured. Each is asked what costs least before what costs more: the first window
of text, the whole text, one short block, then its confirmation. The first that passes every gate is the answer, and the others
are not built: with the usual wishes a more precise build that passes is not beaten by a less precise one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from edgewright.core.artifact import Artifact
from edgewright.core.policy import Policy
from edgewright.core.ranking import Contender, figures_miss
from edgewright.core.recipe import Plan, Recipe
from edgewright.core.run import Status, Trial
from edgewright.core.verdict import Outcome
from edgewright.pipeline.arms import run_round
from edgewright.pipeline.confirm import confirm_one
from edgewright.pipeline.explore import convert
from edgewright.pipeline.judging import judged
from edgewright.pipeline.making import accuracy_lost, make
from edgewright.pipeline.request import Request
from edgewright.pipeline.state import EXPLORE, State

_SMALL_BYTES = 2_000_000_000
"""Up to here the real conversion says as soon as a tiny model's whether a framework can do it at all."""

_MARGIN = 0.05
"""A prediction that misses the gate on speed by more than this share is not measured."""


def is_direct(request: Request, plan: Plan) -> bool:
    """Whether one build that passes is all that is asked for: one framework, briefly, and no wishes of one's own."""
    usual = request.policy.prefer == Policy().prefer and not request.policy.order
    sized = request.target_bytes or request.target_bpw or request.smallest
    plain = usual and not sized and not request.searches and not request.prunings and not request.only
    return request.confirmation.is_brief and plain and len(plan.frameworks()) == 1


def needs_dry_run(state: State) -> bool:
    """With several frameworks a dry run spares the work of those that fail; with one there is none to spare, unless it is long."""
    return not is_direct(state.request, state.plan) or state.source.facts.weight_bytes > _SMALL_BYTES


def answer(state: State, framework: str) -> None:
    """Try the framework's builds until one is confirmed and passes."""
    recipes = state.plan.of(framework)
    first = convert(state, recipes[0])
    if first is None:
        return
    state.made[first.manifest.recipe.id] = first
    for recipe in _by_precision(recipes):
        if state.out_of_time():
            return
        make(state, _with_bases(recipe, recipes, state), glance=True, unless=partial(_too_slow, state))
        if state.alive(recipe.id) and _holds(state, recipe) and confirm_one(state, recipe.id):
            _leave(state, recipes, recipe)
            return
        if state.run.host is not None and state.run.host.is_mute:  # another build would be told as little of
            return
    if reason := _too_slow(state, first):
        state.update(
            replace(state.trials[recipes[0].id], status=Status.AUXILIARY, reason=reason), "not-timed"
        )
    elif _holds(state, recipes[0]):
        confirm_one(state, recipes[0].id)


def _too_slow(state: State, build: Artifact) -> str:
    """Why a build is not worth measuring: by its size and the builds timed so far it misses the gate on decode speed.

    Decoding reads every weight once a token, so speed goes at best with the inverse of the size. Empty where it may hold.
    """
    bound = max((g.bound for g in state.request.policy.gates if g.metric == "decode_tok_s"), default=0.0)
    speeds = [
        value.value * trial.artifact.manifest.size_bytes / build.manifest.size_bytes
        for trial in state.trials.values()
        if trial.artifact and (value := trial.values.get("decode_tok_s")) and value.value
    ]
    if not speeds or max(speeds) >= (1.0 - _MARGIN) * bound:
        return ""
    return f"not measured: {max(speeds):.3g} tokens/s predicted by its size, the gate asks for {bound:.3g}"


def _by_precision(recipes: Sequence[Recipe]) -> list[Recipe]:
    candidates = [recipe for recipe in recipes[1:] if not recipe.auxiliary]
    return sorted(candidates, key=lambda recipe: -recipe.nominal_bits)


def _with_bases(recipe: Recipe, recipes: Sequence[Recipe], state: State) -> list[Recipe]:
    """A recipe and what it is made from, as far as that was not made."""
    by_id = {one.id: one for one in recipes}
    chain = [recipe]
    while chain[0].base and chain[0].base_id not in state.made:
        chain.insert(0, by_id[chain[0].base_id])
    return chain


def _holds(state: State, recipe: Recipe) -> bool:
    """Time a build whose accuracy holds, in one short round; whether its figures keep every gate then."""
    trial = state.trials[recipe.id]
    if accuracy_lost(state, trial):
        lost = judged(replace(trial, status=Status.MEASURED), state.run, state.request.policy)
        state.update(lost, "not-timed")
        return False
    run_round(state, f"{EXPLORE}{recipe.id}", [recipe.id], state.request.pace)
    state.judge()
    seen = state.trials[recipe.id]
    return seen.status is Status.MEASURED and _keeps_all(seen)


def _keeps_all(trial: Trial) -> bool:
    contender = Contender(id=trial.id, values=trial.values, verdicts=trial.verdicts)
    return trial.outcome is not Outcome.FAIL and not figures_miss(contender)


def _leave(state: State, recipes: Sequence[Recipe], passed: Recipe) -> None:
    """Say of the others why they were not built; the conversion was only needed to make them."""
    conversion = state.trials[recipes[0].id]
    state.update(replace(conversion, status=Status.AUXILIARY), "not-timed")
    reason = f"{passed.id} passed every gate first; without --quick all builds are compared"
    for recipe in recipes:
        if state.trials[recipe.id].status is Status.PLANNED:
            state.update(replace(state.trials[recipe.id], status=Status.UNTRIED, reason=reason), "not-tried")
