"""Progressive optimization as a story: baseline, converted, quantized, accelerated, validated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from edgewright.app.optimize.state import State
from edgewright.core.decision.choice import compare
from edgewright.core.measurement.quantity import Value
from edgewright.core.run import StageStep, Trial

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


def story(state: State, trial: Trial) -> tuple[StageStep, ...]:
    """The five stages of the chosen build; what each gained and cost against the one before."""
    base = state.record.run.baseline
    converted = state.record.trials[state.setup.plan.of(trial.recipe.framework)[0].id]
    plain = state.record.trials[trial.variant_of or trial.id]
    tuned = trial.id != plain.id
    explored = trial.explored or trial.values
    step = partial(_step, state.setup.request.policy.axes)
    words = f"{converted.id}: the format changed, nothing was quantized"
    return (
        step("baseline", f"the original in {base.recipe.framework}", base.values),
        step("converted", words, converted.values, base.values),
        step("quantized", plain.id, plain.explored or plain.values, converted.values),
        step("accelerated", trial.id, explored, plain.explored or plain.values)
        if tuned
        else step("accelerated", _kept(state, trial), explored),
        step("validated", _confirmed(state, trial), trial.values if trial.confirmed else {}),
    )


def _step(
    axes: Mapping[str, str],
    stage: str,
    what: str,
    values: Mapping[str, Value],
    before: Mapping[str, Value] | None = None,
) -> StageStep:
    shown = {name: values[name] for name in (*axes.values(), *_SHOWN) if name in values}
    gained = compare(values, before, axes=axes) if before else ""
    return StageStep(stage=stage, what=what, values=shown, gained=gained)


def _confirmed(state: State, trial: Trial) -> str:
    if not trial.confirmed:
        return f"{trial.id} was not confirmed: its figures are those of the search"
    kept = trial.values.get("accuracy_retained")
    items = f"{kept.n} held-out positions" if kept and state.setup.exam.held_out else "the explored text"
    return f"{trial.id}, {trial.blocks} new blocks, {items}"


def _kept(state: State, trial: Trial) -> str:
    placement = trial.placement
    settings = (
        f"{placement.threads} threads on {placement.device}, KV cache {placement.kv_cache}"
        if placement
        else ""
    )
    tried = [t.id for t in state.record.trials.values() if t.variant_of == trial.id]
    if not tried:
        return f"the runtime's own settings: {settings}"
    return f"the runtime's own settings were kept ({settings}); tried without a gain: {', '.join(tried)}"
