"""A quota on builds' files: those that others beat are dropped, worst first; what was measured of them stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewright.app.optimize.state import State
from edgewright.app.steps.build import build, drop
from edgewright.core.decision.ranking import shortlist
from edgewright.core.jobs.results import Failure
from edgewright.core.run import Status, Trial

_KEPT = 5
"""As many of the best are kept as a confirmation may look at."""

_DONE = {Status.MEASURED, Status.SKIPPED, Status.REFUTED}


def keep_within(state: State) -> None:
    """Drop builds until the run's artifacts fit the quota; what others are made from is never dropped."""
    quota = state.setup.request.disk_bytes
    if quota is None:
        return
    there = [trial for trial in state.record.trials.values() if _lies(trial) and not trial.variant_of]
    total = sum(_size(trial) for trial in there)
    order = [contender.id for contender in shortlist(state.record.contenders(), state.setup.request.policy)]
    bases = {trial.recipe.base_id for trial in state.record.trials.values()}
    ends = [
        trial
        for trial in there
        if trial.status in _DONE
        and trial.id not in order[:_KEPT]
        and trial.id not in bases
        and not trial.recipe.precision.unquantized
    ]
    # Those that fail a gate first, then those that come last.
    ends.sort(key=lambda trial: order.index(trial.id) if trial.id in order else len(order), reverse=True)
    for trial in ends:
        if total <= quota:
            return
        if trial.artifact is not None:
            drop(state.setup.context, trial.artifact)
            total -= _size(trial)
            note = "its files were dropped to stay within the quota; the same command builds it again if it is needed"
            state.record.update(replace(trial, notes=(*trial.notes, note)), "dropped")
    if total > quota:
        state.record.note(
            f"builds take {total / 1e6:.0f} MB, over the quota of {quota / 1e6:.0f} MB: all of them are needed"
        )


def whole(state: State, trial: Trial) -> Trial:
    """The trial with its files, built again where they were dropped."""
    if trial.artifact is None or _lies(trial):
        return trial
    source = state.measured.sources[trial.recipe.source] if trial.recipe.source else state.setup.source
    base = state.measured.made.get(trial.recipe.base_id)
    made = build(
        state.setup.context,
        source,
        trial.recipe,
        base,
        state.setup.log(trial.id, "build"),
        state.setup.exam.calibration,
    )
    if isinstance(made, Failure):
        state.record.fail(trial.recipe, made, "build")
        return state.record.trials[trial.id]
    return replace(trial, artifact=made)


def _lies(trial: Trial) -> bool:
    return trial.artifact is not None and Path(trial.artifact.path).is_dir()


def _size(trial: Trial) -> int:
    return trial.artifact.manifest.size_bytes if trial.artifact else 0
