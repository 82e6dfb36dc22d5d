"""The arms of a run's rounds: the original, and trials that are alive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgewright.app.measure.rounds import Arm, Timing, timed_round
from edgewright.app.optimize.state import State
from edgewright.app.steps.prepare import error_of
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.core.measurement.records import Block, Pace
from edgewright.core.measurement.rounds import Phase, Round, RoundKey


def run_round(state: State, key: RoundKey, trials: Sequence[str], pace: Pace, *, twice: bool = False) -> None:
    """One round over the original and those of ``trials`` that are alive; a finished round is never redone.

    ``twice`` gives the original a second arm. Arms that a finished round lacks get one of their own.

    Raises:
        EdgewrightError: the original could not be timed, so that nothing can be compared.
    """
    setup, measured = state.setup, state.measured
    known = measured.rounds.get(key)
    arms = [trial for trial in trials if state.record.alive(trial) and not (known and trial in known.order)]
    if not arms:
        return
    if known is not None:
        run_round(state, replace(key, part=key.part + 1), arms, pace)
        return
    names = [setup.baseline_id, *arms, *([setup.again_id] if twice else [])]
    timing = Timing(
        job=setup.exam.timing,
        workload=setup.request.workload,
        pace=pace,
        before=tuple(one for other, one in measured.rounds.items() if other.is_beside(key)),
    )
    finished, failures = timed_round(setup.context, [_arm(state, n) for n in names], timing, measured.rng)
    for arm, failure in failures.items():
        if arm in {setup.baseline_id, setup.again_id}:
            raise error_of(failure)
        state.record.fail(state.record.trials[arm].recipe, failure, "timing")
    for arm in list(finished.blocks):
        _hold_to_its_answers(state, arm, finished)
    ended = tuple(arm for arm in finished.order if arm not in failures)
    measured.add_round(key, replace(finished, order=ended))


def glance_key(trial: str) -> RoundKey:
    """The key of the round that holds a build's block alone."""
    return RoundKey(phase=Phase.GLANCE, group=trial)


def glance_at_speed(state: State, name: str) -> Block | None:
    """One short block of a build alone; None where it could not be timed. It is kept, and gives no figure that is compared."""
    key, setup = glance_key(name), state.setup
    if key not in state.measured.rounds:
        timing = Timing(job=setup.exam.timing, workload=setup.request.workload, pace=setup.request.pace)
        finished, failures = timed_round(setup.context, [_arm(state, name)], timing, state.measured.rng)
        if failures:
            return None
        state.measured.add_round(key, finished)
    return state.measured.rounds[key].blocks.get(name)


def _arm(state: State, name: str) -> Arm:
    if name in {state.setup.baseline_id, state.setup.again_id}:
        path, recipe = state.setup.source.path, state.record.run.baseline.recipe
    else:
        trial = state.record.trials[name]
        if trial.artifact is None:
            raise AssertionError("a scored trial has an artifact")
        path, recipe = trial.artifact.path, trial.recipe
    return Arm(
        name=name,
        backend=state.setup.context.backend(recipe.framework),
        path=path,
        runtime=recipe.runtime,
        log=state.setup.log(name, "bench"),
    )


def _hold_to_its_answers(state: State, arm: str, finished: Round) -> None:
    """A timed run that answered otherwise than the scored one fails the build."""
    scored = state.measured.scores.get(arm)
    if scored is None or arm == state.setup.baseline_id:
        return
    if reason := state.setup.exam.disagreement(finished.blocks[arm], scored):
        failure = Failure(failure=FailureKind.FAILED, reason=reason)
        state.record.fail(state.record.trials[arm].recipe, failure, "timing")
