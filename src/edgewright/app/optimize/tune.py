"""Runtime options tried on a finished build: no new build, the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgewright.app.optimize.arms import run_round
from edgewright.app.optimize.quota import whole
from edgewright.app.optimize.scoring import score_build
from edgewright.app.optimize.state import State
from edgewright.core.decision.ranking import shortlist
from edgewright.core.decision.verdict import Outcome
from edgewright.core.device.host import Cpu
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.rounds import Phase, RoundKey
from edgewright.core.recipe.recipes import Option
from edgewright.core.run import Status, Trial
from edgewright.ports import Backend

_GAIN = 1.02
"""A runtime option has to gain this much in every round to be kept."""


def tune(state: State) -> None:
    """Try runtime options on the build that leads, each on top of those that gained; the others are set aside with a reason.

    A search tries more of them than a run that has no budget. It also tries the best build of each other framework on
    devices that this framework drives and the host has: a build that is second on the processor may be first on a GPU.
    """
    ranked = [
        state.record.trials[c.id] for c in shortlist(state.record.contenders(), state.setup.request.policy)
    ]
    if not ranked or ranked[0].variant_of:
        return
    lead = ranked[0]
    backend = state.setup.context.backend(lead.recipe.framework)
    options = [*backend.accelerations(lead.recipe)]
    if state.setup.request.searches:
        options += [*_declared(state, backend), *_fewer_threads(state)]
    _try(state, lead, options)
    if state.setup.request.searches:
        _try_devices(state, {trial.recipe.framework: trial for trial in reversed(ranked)}, lead)


def _try_devices(state: State, best: Mapping[str, Trial], lead: Trial) -> None:
    for framework, trial in best.items():
        if framework != lead.recipe.framework and not trial.variant_of:
            _try(state, trial, _declared(state, state.setup.context.backend(framework), only_devices=True))


def _try(state: State, trial: Trial, options: Sequence[Mapping[str, Option]]) -> None:
    build = whole(state, trial) if options else trial
    for option in options:
        if state.setup.out_of_time():
            return
        if option.items() <= build.recipe.runtime.items():
            continue
        variant = _variant(state, build, option)
        if variant is None:
            continue
        if _faster(state, variant.id, build.id) and variant.outcome is not Outcome.FAIL:
            build = variant
        else:
            reason = "this runtime option did not make the build faster in every round"
            state.record.update(replace(variant, status=Status.SKIPPED, reason=reason), "no-gain")


def _declared(state: State, backend: Backend, *, only_devices: bool = False) -> list[Mapping[str, Option]]:
    """What a framework declares that this host meets; or of that, what needs a device beside the processor."""
    space, host = backend.space(state.setup.source.facts), state.record.run.assessment.host
    declared = space.accelerations if space else ()
    return [one.options for one in declared if host.meets(one.needs) and (one.needs or not only_devices)]


def _fewer_threads(state: State) -> list[Mapping[str, Option]]:
    """Where the build is for this host."""
    assessment = state.record.run.assessment
    return [{"threads": n} for n in fewer_threads(assessment.host.cpu)] if assessment.measured_here else []


def fewer_threads(cpu: Cpu) -> list[int]:
    """Thread counts worth trying below all usable cores, most first: one a physical core, and half of that.

    Reading weights from memory seldom needs every core, and threads that share one hinder each other.
    """
    cores = min(cpu.physical_cores, cpu.usable_cores)
    return [count for count in (cores, cores // 2) if 0 < count < cpu.usable_cores]


def _variant(state: State, trial: Trial, option: Mapping[str, Option]) -> Trial | None:
    """The build under one more runtime option, scored and timed beside it; None where that failed (recorded)."""
    spelled = ",".join(f"{key}={value}" for key, value in option.items())
    recipe = replace(
        trial.recipe, name=f"{trial.recipe.name}+{spelled}", runtime={**trial.recipe.runtime, **option}
    )
    state.record.trials[recipe.id] = Trial(
        recipe=recipe,
        artifact=trial.artifact,
        values=trial.values,
        notes=trial.notes,
        variant_of=trial.variant_of or trial.id,
    )
    scores = score_build(state, recipe, trial.artifact)
    if isinstance(scores, Failure):
        state.record.fail(recipe, scores, "scoring")
        return None
    state.scored(recipe, scores)
    for number in range(state.setup.request.tuning_rounds):
        run_round(
            state,
            RoundKey(phase=Phase.TUNE, group=recipe.id, number=number),
            [trial.id, recipe.id],
            state.setup.request.pace,
        )
    state.judge()
    variant = state.record.trials[recipe.id]
    return variant if variant.status is Status.MEASURED else None


def _faster(state: State, one: str, other: str) -> bool:
    figure = state.setup.exam.figure
    mine, theirs = state.measured.blocks(one), state.measured.blocks(other)
    common = set(mine) & set(theirs)
    return bool(common) and all(figure(mine[k]) > _GAIN * figure(theirs[k]) for k in common)
