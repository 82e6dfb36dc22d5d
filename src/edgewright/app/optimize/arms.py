"""The arms of a run's rounds: the original, and trials that are alive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgewright.app.measure.rounds import Arm, Timing, timed_round
from edgewright.app.optimize.state import State
from edgewright.app.steps.prepare import error_of
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.core.measurement.records import Block, Pace
from edgewright.core.measurement.rounds import Round


def run_round(state: State, name: str, trials: Sequence[str], pace: Pace, *, twice: bool = False) -> None:
    """One round over the original and those of ``trials`` that are alive; a finished round is never redone.

    ``twice`` gives the original a second arm. Arms that a finished round lacks get one of their own.

    Raises:
        EdgewrightError: the original could not be timed, so that nothing can be compared.
    """
    known = state.rounds.get(name)
    arms = [trial for trial in trials if state.alive(trial) and not (known and trial in known.order)]
    if not arms:
        return
    if known is not None:
        run_round(state, f"{name}+", arms, pace)
        return
    names = [state.baseline_id, *arms, *([state.again_id] if twice else [])]
    family = name.rpartition("/")[0]
    timing = Timing(
        ids=state.prompt,
        workload=state.request.workload,
        pace=pace,
        before=tuple(one for other, one in state.rounds.items() if other.startswith(family)),
    )
    finished, failures = timed_round(state.context, [_arm(state, n) for n in names], timing, state.rng)
    for arm, failure in failures.items():
        if arm in {state.baseline_id, state.again_id}:
            raise error_of(failure)
        state.fail(state.trials[arm].recipe, failure, "timing")
    for arm in list(finished.blocks):
        _hold_to_its_answers(state, arm, finished)
    ended = tuple(arm for arm in finished.order if arm not in failures)
    state.measured(name, replace(finished, order=ended))


def glance_name(trial: str) -> str:
    """The name of the round that holds a build's block alone."""
    return f"glance/{trial}"


def glance_at_speed(state: State, name: str) -> Block | None:
    """One short block of a build alone; None where it could not be timed. It is kept, and gives no figure that is compared."""
    key = glance_name(name)
    if key not in state.rounds:
        timing = Timing(ids=state.prompt, workload=state.request.workload, pace=state.request.pace)
        finished, failures = timed_round(state.context, [_arm(state, name)], timing, state.rng)
        if failures:
            return None
        state.measured(key, finished)
    return state.rounds[key].blocks.get(name)


def _arm(state: State, name: str) -> Arm:
    if name in {state.baseline_id, state.again_id}:
        path, recipe = state.source.path, state.run.baseline.recipe
    else:
        trial = state.trials[name]
        if trial.artifact is None:
            raise AssertionError("a scored trial has an artifact")
        path, recipe = trial.artifact.path, trial.recipe
    return Arm(
        name=name,
        backend=state.context.backend(recipe.framework),
        path=path,
        runtime=recipe.runtime,
        log=state.log(name, "bench"),
    )


def _hold_to_its_answers(state: State, arm: str, finished: Round) -> None:
    """A timed run must answer as the scored one did: what is fast because it is wrong is no build."""
    scored = state.scores.get(arm)
    if scored is None or arm == state.baseline_id or not scored.generated:
        return
    for request in finished.blocks[arm].requests:
        if request.token_ids != scored.generated[: len(request.token_ids)]:
            reason = "its timed run answered otherwise than its scored run, so its speed means nothing"
            state.fail(state.trials[arm].recipe, Failure(failure=FailureKind.FAILED, reason=reason), "timing")
            return
