"""The progression of a run: baseline, converted, quantized, accelerated, validated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from edgewright.app.optimize.state import State
from edgewright.core.measurement.quantity import Value
from edgewright.core.run import StageStep, Trial
from edgewright.reasons import Reason, because, told

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


def progression(state: State, trial: Trial) -> tuple[StageStep, ...]:
    """The five stages of the chosen build; what each gained and cost against the one before."""
    base = state.record.run.baseline
    converted = state.record.trials[state.setup.plan.of(trial.recipe.framework)[0].id]
    plain = state.record.trials[trial.variant_of or trial.id]
    tuned = trial.id != plain.id
    explored = trial.explored or trial.values
    step = partial(_step, state.setup.request.policy.axes)
    return (
        step("baseline", because("stage_original", framework=base.recipe.framework), base.values),
        step("converted", because("stage_converted", build=converted.id), converted.values, compared=True),
        step("quantized", told(plain.id), plain.explored or plain.values, compared=True),
        step("accelerated", told(trial.id), explored, compared=True)
        if tuned
        else step("accelerated", _kept(state, trial), explored),
        step("validated", _confirmed(state, trial), trial.values if trial.confirmed else {}),
    )


def _step(
    axes: Mapping[str, str], stage: str, what: Reason, values: Mapping[str, Value], *, compared: bool = False
) -> StageStep:
    shown = {name: values[name] for name in (*axes.values(), *_SHOWN) if name in values}
    return StageStep(stage=stage, what=what, values=shown, compared=compared)


def _confirmed(state: State, trial: Trial) -> Reason:
    if not trial.confirmed:
        return because("stage_unconfirmed", build=trial.id)
    kept = trial.values.get("accuracy_retained")
    if kept and state.setup.exam.held_out:
        return because("stage_confirmed", build=trial.id, blocks=trial.blocks, positions=kept.n)
    return because("stage_confirmed_on_explored", build=trial.id, blocks=trial.blocks)


def _kept(state: State, trial: Trial) -> Reason:
    placement = trial.placement
    if placement is None:
        return because("stage_default")
    tried = tuple(t.id for t in state.record.trials.values() if t.variant_of == trial.id)
    threads, device, cache = placement.threads, placement.device, placement.kv_cache
    if not tried:
        return because("stage_default_runtime", threads=threads, device=device, kv_cache=cache)
    return because("stage_no_gain", tried=tried, threads=threads, device=device, kv_cache=cache)
