"""One framework and a brief confirmation: a question that is answered with as little as decides it.

Builds are tried one at a time, the most precise first. Each is asked what costs least before what costs more: where a decode
speed is asked for, what its size predicts and one short block of it alone; the first window of text; the whole text; one round
beside the original; then its confirmation. The first that passes every gate is the answer, or whose
confirmed figures keep every gate though some stay open (it is then provisional), and the others are not built: with the usual wishes a more precise build that passes is not beaten by a less precise one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from edgewright.app.optimize.arms import glance_at_speed, glance_key, run_round
from edgewright.app.optimize.builds import accuracy_lost, make
from edgewright.app.optimize.confirm import confirm_one
from edgewright.app.optimize.explore import convert
from edgewright.app.optimize.judging import judged
from edgewright.app.optimize.request import Request
from edgewright.app.optimize.state import State
from edgewright.core.decision.policy import Policy
from edgewright.core.decision.ranking import Contender, figures_miss
from edgewright.core.decision.verdict import Outcome
from edgewright.core.measurement.rounds import Phase, RoundKey
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Plan, Recipe
from edgewright.core.run import Status, Trial

_SMALL_BYTES = 2_000_000_000
"""Up to here the real conversion says as soon as a tiny model's whether a framework can do it at all."""

_MARGIN = 0.05
"""A build that is predicted to miss the gate on speed by more than this share is not timed."""


def is_direct(request: Request, plan: Plan) -> bool:
    """Whether one build that passes is all that is asked for: one framework, briefly, and no wishes of one's own."""
    usual = request.policy.prefer == Policy().prefer and not request.policy.order
    sized = request.target_bytes or request.target_bpw or request.smallest
    plain = usual and not sized and not request.searches and not request.prunings and not request.only
    return request.confirmation.is_brief and plain and len(plan.frameworks()) == 1


def needs_dry_run(state: State) -> bool:
    """A dry run spares the long work of frameworks that fail. A small model is tried itself, which is as soon done."""
    return state.setup.source.facts.weight_bytes > _SMALL_BYTES


def answer(state: State, framework: str) -> None:
    """Try the framework's builds until one is confirmed and passes."""
    recipes = state.setup.plan.of(framework)
    first = convert(state, recipes[0])
    if first is None:
        return
    state.measured.made[first.manifest.recipe.id] = first
    too_slow: dict[str, float] = {}
    for recipe in _by_precision(recipes):
        if state.setup.out_of_time():
            return
        unless = partial(_too_slow, state, too_slow)
        make(state, _with_bases(recipe, recipes, state), glance=True, unless=unless)
        if state.record.alive(recipe.id) and _holds(state, recipe):
            passed = confirm_one(state, recipe.id)
            if passed or _keeps_all(state.record.trials[recipe.id]):
                _leave(state, recipes, recipe, passed=passed)
                return
        if (
            state.record.run.host is not None and state.record.run.host.is_mute
        ):  # another build would be told as little of
            return
    if not _has_answer(state, recipes):
        _measure_nearest(state, recipes, too_slow)
    if reason := _predicted_slow(state, first, too_slow):
        state.record.update(
            replace(state.record.trials[recipes[0].id], status=Status.AUXILIARY, reason=reason), "not-timed"
        )
    elif _holds(state, recipes[0]):
        confirm_one(state, recipes[0].id)


def _too_slow(state: State, seen: dict[str, float], build: Artifact) -> str:
    """Why a build is not scored: it is slower than the gate on decode speed asks, by its size or in one short block.

    That block is the cheapest thing to measure: without the original beside it. What it gave is kept in ``seen``, in tokens/s.
    """
    bound = _decode_bound(state)
    if not bound:
        return ""
    if reason := _predicted_slow(state, build, seen):
        return reason
    name = build.manifest.recipe.id
    finished = glance_at_speed(state, name)
    if finished is None:
        return ""
    speed = state.setup.exam.figure(finished)
    if speed >= bound:
        return ""
    seen[name] = speed
    return f"{speed:.3g} tokens/s in one short block, the gate asks for {bound:.3g}"


def _predicted_slow(state: State, build: Artifact, seen: Mapping[str, float]) -> str:
    """Why a build is not worth timing: by its size and the builds timed so far it misses the gate on decode speed.

    Decoding reads every weight once a token, so speed grows at best with the inverse of the size. Empty where it may hold.
    """
    bound = _decode_bound(state)
    timed = {
        name: t.values[state.setup.exam.speed].value
        for name, t in state.record.trials.items()
        if state.setup.exam.speed in t.values
    }
    speeds = [
        speed * artifact.manifest.size_bytes / build.manifest.size_bytes
        for name, speed in {**timed, **seen}.items()
        if speed and (artifact := state.record.trials[name].artifact)
    ]
    if not speeds or max(speeds) >= (1.0 - _MARGIN) * bound:
        return ""
    return f"{max(speeds):.3g} tokens/s predicted by its size, the gate asks for {bound:.3g}"


def _decode_bound(state: State) -> float:
    return max(
        (g.bound for g in state.setup.request.policy.gates if g.metric == state.setup.exam.speed), default=0.0
    )


def _has_answer(state: State, recipes: Sequence[Recipe]) -> bool:
    """Whether a build was compared that no gate fails."""
    trials = [state.record.trials[recipe.id] for recipe in recipes]
    return any(t.status is Status.MEASURED and t.outcome is not Outcome.FAIL for t in trials)


def _measure_nearest(state: State, recipes: Sequence[Recipe], too_slow: Mapping[str, float]) -> None:
    """No build is fast enough and accurate: the fastest whose accuracy holds is compared after all."""
    by_id = {recipe.id: recipe for recipe in recipes}
    for name in sorted(too_slow, key=lambda name: -too_slow[name]):
        make(state, [by_id[name]], glance=True)
        if state.record.alive(name):
            _holds(state, by_id[name])
        if _has_answer(state, recipes):
            return


def _by_precision(recipes: Sequence[Recipe]) -> list[Recipe]:
    candidates = [recipe for recipe in recipes[1:] if not recipe.auxiliary]
    return sorted(candidates, key=lambda recipe: -recipe.nominal_bits)


def _with_bases(recipe: Recipe, recipes: Sequence[Recipe], state: State) -> list[Recipe]:
    """A recipe and what it is made from, as far as that was not made."""
    by_id = {one.id: one for one in recipes}
    chain = [recipe]
    while chain[0].base and chain[0].base_id not in state.measured.made:
        chain.insert(0, by_id[chain[0].base_id])
    return chain


def _holds(state: State, recipe: Recipe) -> bool:
    """Time a build whose accuracy holds, in one short round; whether its figures keep every gate then."""
    trial = state.record.trials[recipe.id]
    if accuracy_lost(state, trial):
        lost = judged(replace(trial, status=Status.MEASURED), state.record.run, state.setup.request.policy)
        state.record.update(lost, "not-timed")
        return False
    run_round(state, RoundKey(phase=Phase.EXPLORE, group=recipe.id), [recipe.id], state.setup.request.pace)
    state.judge()
    seen = state.record.trials[recipe.id]
    if glance_key(recipe.id) in state.measured.rounds:
        # Fast enough alone: if this round's figure misses the speed, two short blocks disagree, which a confirmation is for.
        undecided = [v for v in seen.verdicts if v.is_open and v.gate.metric == state.setup.exam.speed]
        seen = replace(seen, verdicts=tuple(v for v in seen.verdicts if v not in undecided))
    return _keeps_all(seen)


def _keeps_all(trial: Trial) -> bool:
    """Whether a measured build fails nothing, and no figure of its own misses a gate that is open."""
    contender = Contender(id=trial.id, values=trial.values, verdicts=trial.verdicts)
    measured = trial.status is Status.MEASURED and trial.outcome is not Outcome.FAIL
    return measured and not figures_miss(contender)


def _leave(state: State, recipes: Sequence[Recipe], chosen: Recipe, *, passed: bool) -> None:
    """Say of the others why they were not built; the conversion was only needed to make them."""
    conversion = state.record.trials[recipes[0].id]
    state.record.update(replace(conversion, status=Status.AUXILIARY), "not-timed")
    why = "passed every gate first" if passed else "was confirmed first, and its figures keep every gate"
    reason = f"{chosen.id} {why}; without --quick all builds are compared"
    for recipe in recipes:
        if state.record.trials[recipe.id].status is Status.PLANNED:
            state.record.update(
                replace(state.record.trials[recipe.id], status=Status.UNTRIED, reason=reason), "not-tried"
            )
