"""Builds whose tensors have types of their own: one sensitivity table for all frameworks, and an allocation for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgewright.app.optimize.state import State
from edgewright.app.steps.sensitivity import sensitivity
from edgewright.app.steps.type_speed import type_speed
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.core.recipe.allocation import (
    Allocation,
    Mixture,
    TypeCost,
    allocate,
    options_of,
    smallest,
    stored_weights,
)
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Recipe
from edgewright.core.recipe.sensitivity import Sensitivity
from edgewright.core.run import Status, Trial


def mixed(state: State, framework: str, unquantized: Artifact) -> Recipe | None:
    """The recipe for the size that was asked for; None where nothing was, or none can be."""
    target = _target_bytes(state)
    trial = allocated(state, framework, unquantized, target) if target is not None else None
    if trial is None:
        return None
    state.record.update(trial, "mixed")
    return trial.recipe


def allocated(state: State, framework: str, unquantized: Artifact, target: float) -> Trial | None:
    """A trial with the recipe of least predicted KL divergence within ``target`` bytes, and what is predicted of it."""
    found = _options(state, framework, unquantized)
    if found is None:
        return None
    options, rest = found
    allocation = allocate(options, target - rest)
    if allocation is None:
        least = rest + sum(min(o.size_bytes for o in choices) for choices in options.values())
        state.record.note(
            f"{framework}: no allocation is as small as {target / 1e6:.1f} MB; the smallest is {least / 1e6:.1f} MB"
        )
        return None
    return _trial(state, framework, unquantized, allocation, rest, target)


def smallest_within(state: State, framework: str, unquantized: Artifact, most_kl: float) -> Trial | None:
    """A trial with the smallest recipe whose predicted KL divergence is within ``most_kl``."""
    found = _options(state, framework, unquantized)
    allocation = smallest(found[0], most_kl) if found else None
    if found is None or allocation is None:
        return None
    return _trial(state, framework, unquantized, allocation, found[1], allocation.size_bytes + found[1])


def _options(
    state: State, framework: str, unquantized: Artifact
) -> tuple[Mapping[str, list[TypeCost]], float] | None:
    """What each group may get in a framework, and the bytes that no allocation reaches; None where there is no table."""
    mixture = state.setup.context.backend(framework).mixture(state.setup.source.facts)
    table = table_of(state) if mixture is not None else None
    if mixture is None or table is None:
        return None
    seconds = _seconds(state, framework, mixture)
    options = options_of(table, mixture.types, shared_ends=mixture.shared_ends, seconds=seconds)
    return options, _unallocated(table, options, mixture, unquantized)


def _seconds(state: State, framework: str, mixture: Mixture) -> Mapping[str, float]:
    """What one weight of each type takes in decoding on this host, measured when it is first asked for."""
    if framework not in state.measured.type_seconds:
        found = type_speed(
            state.setup.context,
            state.setup.context.backend(framework),
            [kind.name for kind in mixture.types],
            state.record.run.assessment.host.device_id,
            state.setup.log(framework, "types"),
        )
        if isinstance(found, Failure):
            state.record.note(f"{framework}: allocations do not look at speed: {found.reason}")
        state.measured.type_seconds[framework] = {} if isinstance(found, Failure) else found
    return state.measured.type_seconds[framework]


def _trial(
    state: State, framework: str, unquantized: Artifact, found: Allocation, rest: float, target: float
) -> Trial:
    mixture, table = state.setup.context.backend(framework).mixture(state.setup.source.facts), table_of(state)
    if mixture is None or table is None:
        raise AssertionError("an allocation was made of both")
    recipe = _recipe(mixture, found, rest, state.setup.source.facts.parameters, target)
    beside = unquantized.manifest.size_bytes - unquantized.manifest.weight_bytes
    predicted = _predicted(found, found.size_bytes + rest + beside, table)
    return Trial(recipe=recipe, status=Status.PLANNED, predicted=predicted)


def _target_bytes(state: State) -> float | None:
    request = state.setup.request
    if request.target_bpw is not None:
        return request.target_bpw * state.setup.source.facts.parameters / 8
    return request.target_bytes


def table_of(state: State) -> Sensitivity | None:
    """The model's sensitivity, measured when it is first asked for; None where it could not be (noted)."""
    gguf = state.setup.source.facts.gguf
    if gguf and gguf.unmapped:
        reason = "what types cost is measured in Transformers, which cannot be given this model"
        state.measured.sensitivity = Failure(failure=FailureKind.UNSUPPORTED, reason=reason)
    if state.measured.sensitivity is None:
        state.measured.sensitivity = sensitivity(
            state.setup.context,
            state.setup.source,
            state.setup.exam.calibration.begin + state.setup.exam.calibration.ids,
            state.setup.log(state.setup.baseline_id, "sensitivity"),
        )
    if isinstance(state.measured.sensitivity, Failure):
        state.record.note(f"no types per tensor: {state.measured.sensitivity.reason}")
        return None
    return state.measured.sensitivity


def _unallocated(
    table: Sensitivity, options: Mapping[str, list[TypeCost]], mixture: Mixture, unquantized: Artifact
) -> float:
    """Bytes of what an allocation does not reach: norms, biases, and what the file holds beside weights."""
    weights = stored_weights(table, options)
    return unquantized.manifest.weight_bytes - weights * mixture.unquantized_bits / 8


def _recipe(mixture: Mixture, found: Allocation, rest: float, parameters: int, target: float) -> Recipe:
    return replace(
        mixture.template,
        name=f"{mixture.template.name}_{target / 1e6:.4g}mb",
        nominal_bits=round(8 * (found.size_bytes + rest) / parameters, 4),
        build={**mixture.template.build, "types": found.spelled},
    )


def _predicted(found: Allocation, size_bytes: float, table: Sensitivity) -> dict[str, Value]:
    how = (
        f"sum over tensor groups of what each costs alone ({table.method}; {table.tokens} calibration tokens); "
        "what a runtime loses by rounding activations comes on top"
    )
    return {
        "size_bytes": _estimate(
            "size_bytes", size_bytes, "bits of the types x weights, what stays, and the files beside them"
        ),
        "kl_divergence": _estimate("kl_divergence", found.kl, how),
    }


def _estimate(metric: str, value: float, method: str) -> Value:
    return Value(value=value, unit=METRICS[metric].unit, label=Label.ESTIMATED, method=method)
