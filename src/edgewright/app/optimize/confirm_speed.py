"""Rounds of full blocks of the finalists beside the original, looked at until no gate waits for more."""

from __future__ import annotations

from dataclasses import replace

from edgewright.app.optimize.arms import run_round
from edgewright.app.optimize.judging import judged, memory_doubts, timed
from edgewright.app.optimize.state import State
from edgewright.core.decision.verdict import Outcome
from edgewright.core.measurement.noise import is_surely_noisy
from edgewright.core.measurement.quantity import METRICS, Kind
from edgewright.core.measurement.rounds import HostNoise, Phase, Round, RoundKey, host_noise
from edgewright.core.run import Status, Trial
from edgewright.core.statistics.looks import EARLY_LOOKS, error_at, next_look


def confirm_speed(state: State, group: str, finalists: list[str]) -> None:
    """Rounds of full blocks, looked at after 3, 5, 7, 12 and 20, until no gate waits for more or the host is surely too noisy.

    An early look decides only what is far from its bound, and steadiness too is waited for (ADR 24).
    """
    looks = _looks(state)
    done = 0
    while (look := next_look(done, looks)) is not None:
        for number in range(done, look):
            state.setup.context.reporter.phase(f"confirming round {number + 1} of {look}")
            pace = state.setup.request.confirmation.pace
            twice = number < state.setup.request.confirmation.itself
            run_round(
                state, RoundKey(phase=Phase.CONFIRM, group=group, number=number), finalists, pace, twice=twice
            )
            if _hopeless(state, group):
                break
        done, early = look, look in EARLY_LOOKS
        _judge(state, group, finalists, error_at(look))
        mute = state.record.run.host is not None and state.record.run.host.is_mute
        if state.setup.out_of_time() or (mute and (not early or _hopeless(state, group))):
            return
        if early and _missing(state, group, finalists, look):
            continue
        if not any(_undecided(state.record.trials[name], early=early) for name in finalists):
            return


def _looks(state: State) -> tuple[int, ...]:
    """An order of objectives tells builds apart by their intervals: those of an early look are too wide for it."""
    looks = state.setup.request.confirmation.rounds
    later = tuple(look for look in looks if look not in EARLY_LOOKS)
    return later if state.setup.request.policy.order and later else looks


def _missing(state: State, group: str, finalists: list[str], look: int) -> bool:
    """Whether an arm has fewer blocks that count than an early look is made for."""
    alive = [name for name in finalists if state.record.alive(name)]
    return any(
        len(state.measured.confirmed_blocks(arm, group)) < look for arm in (state.setup.baseline_id, *alive)
    )


def _hopeless(state: State, group: str) -> bool:
    """Whether so many blocks were disturbed by what else ran that further rounds would only be waited for."""
    noise = host_noise(_rounds(state, group))
    return is_surely_noisy(noise.invalid - noise.speed_only, noise.blocks)


def _undecided(trial: Trial, *, early: bool) -> bool:
    """Whether more rounds could decide a gate of a build that fails none: those on steadiness wait for early ones only."""
    waiting = {Kind.SPEED, Kind.MEMORY, Kind.STEADINESS} if early else {Kind.SPEED, Kind.MEMORY}
    open_ = any(v.is_open and METRICS[v.gate.metric].kind in waiting for v in trial.verdicts)
    return trial.status is Status.MEASURED and trial.outcome is not Outcome.FAIL and open_


def _judge(state: State, group: str, finalists: list[str], error: float) -> None:
    exam = state.setup.exam
    base = state.measured.confirmed_blocks(state.setup.baseline_id, group)
    state.record.run = replace(state.record.run, host=_host(state, group))
    if base:
        original = replace(state.record.run.baseline, confirmed=True)
        baseline = timed(exam, original, base, base, error=error)
        state.record.run = replace(state.record.run, baseline=baseline)
    for name in finalists:
        trial = state.record.trials[name]
        blocks = state.measured.confirmed_blocks(name, group)
        if trial.status is not Status.MEASURED:
            continue
        explored = trial.explored or trial.values
        if blocks and base:
            trial = timed(exam, trial, blocks, base, error=error)
        doubts = memory_doubts(trial, blocks, state.setup.source.facts) or memory_doubts(
            state.record.run.baseline, base, state.setup.source.facts
        )
        trial = replace(trial, confirmed=True, explored=explored, doubts=doubts)
        state.record.update(judged(trial, state.record.run, state.setup.request.policy), "confirmed")


def _host(state: State, group: str) -> HostNoise:
    same = state.setup.exam.ratio(
        state.measured.confirmed_blocks(state.setup.again_id, group),
        state.measured.confirmed_blocks(state.setup.baseline_id, group),
    )
    known = same.n > 1 and same.value is not None and same.ci_high is not None
    return replace(
        host_noise(_rounds(state, group)),
        resolution=same.ci_high / same.value - 1.0 if known else None,  # type: ignore[operator]  # just looked
        resolution_rounds=same.n if known else 0,
    )


def _rounds(state: State, group: str) -> list[Round]:
    return list(state.measured.of(Phase.CONFIRM, group=group).values())
