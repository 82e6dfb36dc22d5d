"""After the choice: runtime options tried on the finished build, then text that chose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgewright.core.choice import Choice, choose
from edgewright.core.jobs import Failure
from edgewright.core.quantity import Value
from edgewright.core.recipe import Option
from edgewright.core.run import Status, Trial
from edgewright.core.summary import accuracy_values, decode_tok_s
from edgewright.core.verdict import Outcome, judge
from edgewright.pipeline.explore import score_build, score_reference
from edgewright.pipeline.rounds import run_round
from edgewright.pipeline.state import State
from edgewright.pipeline.story import story

_GAIN = 1.02
"""A runtime option has to gain this much in every round to be kept."""

_TUNING, _PER_TRIAL = 200, 20
"""Numbers of tuning rounds: each trial has a range of its own, so that no round is taken for another."""


def confirm(state: State) -> Choice:
    """Choose, tune, validate on held-out text; and choose again without a build that fails there.

    Every turn takes at least one trial out, so it ends.
    """
    while True:
        choice = choose(state.contenders(), state.request.policy.prefer)
        if choice.chosen is None:
            return choice
        base = state.trials[choice.chosen]
        trial = base if base.variant_of else accelerate(state, base)
        answer = _validate(state, trial)
        if isinstance(answer, Failure):
            for lost in {base.id, trial.id}:
                state.fail(state.trials[lost].recipe, answer, "held-out text")
            continue
        refuted = _refutation(state, answer)
        if refuted:
            _refute(state, base.variant_of or base.id, refuted)
            continue
        state.run = replace(state.run, progressive=story(state, trial, answer))
        return choice if trial.id == choice.chosen else _tuned(choice, trial)


def _tuned(choice: Choice, trial: Trial) -> Choice:
    reason = f"{trial.id} is that build with a runtime option that made it faster in every round"
    return replace(choice, chosen=trial.id, reasons=(*choice.reasons, reason))


def _refute(state: State, base: str, reason: str) -> None:
    """A build that fails on held-out text takes its variants with it: they are the same bytes."""
    for trial in list(state.trials.values()):
        if base in {trial.id, trial.variant_of} and trial.status is Status.MEASURED:
            refuted = replace(
                trial, outcome=Outcome.FAIL, status=Status.REFUTED, reason=f"held-out text: {reason}"
            )
            state.update(refuted, "refuted")


def accelerate(state: State, trial: Trial) -> Trial:
    """Try the backend's runtime options on the finished build; keep one that is faster in every interleaved round."""
    best = trial
    first = _TUNING + _PER_TRIAL * list(state.trials).index(trial.id)
    for place, option in enumerate(state.shop.backend(trial.recipe.framework).accelerations(trial.recipe)):
        if state.out_of_time():
            break
        spelled = ",".join(f"{key}={value}" for key, value in option.items())
        rounds = [first + place * state.request.final_rounds + n for n in range(state.request.final_rounds)]
        variant = _variant(state, trial, f"{trial.recipe.name}+{spelled}", option, rounds)
        if variant is None:
            continue
        if _faster(state, variant.id, trial.id) and variant.outcome is Outcome.PASS:
            best = variant
        else:
            reason = "this runtime option did not make the chosen build faster in every round"
            state.update(replace(variant, status=Status.SKIPPED, reason=reason), "no-gain")
    return state.trials[best.id]


def _variant(
    state: State, trial: Trial, name: str, option: Mapping[str, Option], rounds: list[int]
) -> Trial | None:
    """The build under one more runtime option, scored and timed beside it; None where that failed (recorded)."""
    recipe = replace(trial.recipe, name=name, runtime={**trial.recipe.runtime, **option})
    state.trials[recipe.id] = Trial(
        recipe=recipe, artifact=trial.artifact, values=trial.values, notes=trial.notes, variant_of=trial.id
    )
    scores = score_build(state, recipe, trial.artifact)
    if isinstance(scores, Failure):
        state.fail(recipe, scores, "scoring")
        return None
    state.scored(recipe, scores)
    for number in rounds:
        run_round(state, number, [trial.id, recipe.id])
    variant = state.trials[recipe.id]
    return variant if variant.status is Status.MEASURED else None


def _faster(state: State, one: str, other: str) -> bool:
    mine, theirs = state.blocks(one), state.blocks(other)
    common = set(mine) & set(theirs)
    return bool(common) and all(decode_tok_s(mine[k]) > _GAIN * decode_tok_s(theirs[k]) for k in common)


def _validate(state: State, trial: Trial) -> dict[str, Value] | Failure:
    """The chosen build's accuracy on held-out text."""
    if not state.held_out or trial.artifact is None:
        return {}
    state.shop.reporter.phase(f"validating {trial.id} on held-out text")
    _, path = score_reference(state, state.held_out, "held-out")
    answer = score_build(state, trial.recipe, trial.artifact, ids=state.held_out, reference=path)
    return answer if isinstance(answer, Failure) else accuracy_values(answer)


def _refutation(state: State, values: Mapping[str, Value]) -> str:
    """The first accuracy gate that fails on held-out text, in words; empty where none does."""
    for gate in state.request.policy.gates:
        if gate.metric in values:
            verdict = judge(gate, values[gate.metric])
            if verdict.outcome is Outcome.FAIL:
                return verdict.reason
    return ""
