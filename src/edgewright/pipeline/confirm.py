"""After the choice: runtime options tried on the finished build, then held-out text; and the five stages as a story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgewright.core.choice import Choice, choose, compare
from edgewright.core.jobs import Failure
from edgewright.core.quantity import Value
from edgewright.core.recipe import Option
from edgewright.core.run import StageStep, Status, Trial
from edgewright.core.summary import accuracy_values, decode_tok_s
from edgewright.core.verdict import Outcome, judge
from edgewright.pipeline.explore import score_build, score_reference
from edgewright.pipeline.rounds import run_round
from edgewright.pipeline.state import State

_GAIN = 1.02
"""A runtime option has to gain this much in every round to be kept."""

_SHOWN = (
    "decode_tok_s",
    "ttft_ms",
    "peak_bytes",
    "size_bytes",
    "kl_divergence",
    "accuracy_retained",
    "speedup",
    "memory_cut",
)


def confirm(state: State, first_round: int) -> Choice:
    """Choose, tune, validate on text that chose nothing; and choose again without a build that fails there."""
    while True:
        choice = choose(state.contenders(), state.request.policy.prefer)
        if choice.chosen is None:
            return choice
        trial = accelerate(state, state.trials[choice.chosen], first_round)
        values, failure = _validate(state, trial)
        if failure is None:
            state.run = replace(state.run, progressive=_story(state, trial, values))
            return choice if trial.id == choice.chosen else _tuned(choice, trial)
        reason = f"held-out text: {failure}"
        state.update(
            replace(state.trials[trial.id], outcome=Outcome.FAIL, status=Status.REFUTED, reason=reason),
            "refuted",
        )


def _tuned(choice: Choice, trial: Trial) -> Choice:
    reason = f"{trial.id} is that build with a runtime option that made it faster in every round"
    return replace(choice, chosen=trial.id, reasons=(*choice.reasons, reason))


def accelerate(state: State, trial: Trial, number: int) -> Trial:
    """Try the backend's runtime options on the finished build; keep one that is faster in every interleaved round."""
    best = trial
    for place, option in enumerate(state.shop.backend(trial.recipe.framework).accelerations(trial.recipe)):
        name = f"{trial.recipe.name}+{_spelled(option)}"
        recipe = replace(trial.recipe, name=name, runtime={**trial.recipe.runtime, **option})
        state.trials[recipe.id] = Trial(
            recipe=recipe, artifact=trial.artifact, values=trial.values, notes=trial.notes
        )
        scores = score_build(state, recipe, trial.artifact)
        if isinstance(scores, Failure):
            state.fail(recipe, scores, "scoring")
            continue
        state.scored(recipe, scores)
        first = number + place * state.request.final_rounds
        for repeat in range(state.request.final_rounds):
            run_round(state, first + repeat, [trial.id, recipe.id])
        variant = state.trials[recipe.id]
        if _faster(state, variant.id, trial.id) and variant.outcome is Outcome.PASS:
            best = variant
        else:
            reason = "this runtime option did not make the chosen build faster in every round"
            state.update(replace(variant, status=Status.SKIPPED, reason=reason), "no-gain")
    return best if best is not trial else state.trials[trial.id]


def _faster(state: State, one: str, other: str) -> bool:
    mine, theirs = state.blocks(one), state.blocks(other)
    common = set(mine) & set(theirs)
    return bool(common) and all(decode_tok_s(mine[k]) > _GAIN * decode_tok_s(theirs[k]) for k in common)


def _spelled(option: Mapping[str, Option]) -> str:
    return ",".join(f"{key}={value}" for key, value in option.items())


def _validate(state: State, trial: Trial) -> tuple[dict[str, Value], str | None]:
    """The chosen build on held-out text; a failed accuracy gate there refutes it."""
    if not state.held_out or trial.artifact is None:
        return {}, None
    state.shop.reporter.phase(f"validating {trial.id} on held-out text")
    _, path = score_reference(state, state.held_out, "held-out")
    answer = score_build(state, trial.recipe, trial.artifact, ids=state.held_out, reference=path)
    if isinstance(answer, Failure):
        return {}, answer.reason
    values = accuracy_values(answer)
    for gate in state.request.policy.gates:
        if gate.metric in values:
            verdict = judge(gate, values[gate.metric])
            if verdict.outcome is Outcome.FAIL:
                return values, verdict.reason
    return values, None


def _story(state: State, trial: Trial, held_out: Mapping[str, Value]) -> tuple[StageStep, ...]:
    """Baseline, converted, quantized, accelerated, validated: what each gained and cost against the one before."""
    base = state.run.baseline
    converted = state.trials[state.plan.of(trial.recipe.framework)[0].id]
    plain = state.trials[trial.id.split("+")[0]]
    steps = [
        ("baseline", f"the original in {base.recipe.framework}", base.values, None),
        (
            "converted",
            f"{converted.id}: the format changed, nothing was quantized",
            converted.values,
            base.values,
        ),
        ("quantized", plain.id, plain.values, converted.values),
    ]
    if trial.id != plain.id:
        steps.append(("accelerated", trial.id, trial.values, plain.values))
    else:
        steps.append(("accelerated", _kept(state, trial), trial.values, None))
    checked = {**{k: v for k, v in trial.values.items() if k not in held_out}, **held_out}
    steps.append(("validated", f"{trial.id} on {len(state.held_out)} held-out tokens", checked, None))
    return tuple(
        StageStep(
            stage=stage,
            what=what,
            values={name: values[name] for name in _SHOWN if name in values},
            gained=compare(values, before) if before else "",
        )
        for stage, what, values, before in steps
    )


def _kept(state: State, trial: Trial) -> str:
    placement = trial.placement
    tried = [t.id for t in state.trials.values() if t.id.startswith(f"{trial.id}+")]
    settings = (
        f"{placement.threads} threads on {placement.device}, KV cache {placement.kv_cache}"
        if placement
        else ""
    )
    if not tried:
        return f"the runtime's own settings: {settings}"
    return f"the runtime's own settings were kept ({settings}); tried without a gain: {', '.join(tried)}"
