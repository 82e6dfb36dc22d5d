"""After the search: the best builds are measured again, on new blocks and on text that chose nothing. Only that gates."""

from __future__ import annotations

from dataclasses import replace

from edgewright.app.optimize.arms import run_round
from edgewright.app.optimize.judging import judged, memory_doubts, timed
from edgewright.app.optimize.progression import story
from edgewright.app.optimize.quota import whole
from edgewright.app.optimize.scoring import score_build, score_reference
from edgewright.app.optimize.state import State
from edgewright.app.optimize.tune import tune
from edgewright.core.decision.choice import Choice, choose
from edgewright.core.decision.ranking import shortlist
from edgewright.core.decision.verdict import Outcome, Verdict, judge, overall
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.data import Part, PartKind
from edgewright.core.measurement.noise import is_surely_noisy
from edgewright.core.measurement.quantity import METRICS, Kind, Value
from edgewright.core.measurement.rounds import HostNoise, Phase, Round, RoundKey, host_noise
from edgewright.core.run import Status, Trial
from edgewright.core.statistics.looks import EARLY_LOOKS, error_at, next_look
from edgewright.ports.task import Scored

_CANDIDATES = 5
"""At most this many builds a turn are scored on held-out text to find the finalists."""


def confirm(state: State, *, direct: bool = False) -> Choice:
    """Tune the best, confirm it beside its runner-up, and choose; without a pass, the next ones get their turn.

    A ``direct`` question is answered by the best as it is, confirmed without a runner-up. Where builds were confirmed one at a time already, the choice is among them.
    """
    if not any(trial.confirmed for trial in state.record.trials.values()):
        if not direct:
            tune(state)
        for turn in range(state.setup.request.confirmation.turns):
            finalists = _finalists(state, 1 if direct else state.setup.request.confirmation.finalists)
            if not finalists:
                break
            _time(state, str(turn), finalists)
            mute = state.record.run.host is not None and state.record.run.host.is_mute
            if mute or any(state.record.trials[name].outcome is Outcome.PASS for name in finalists):
                break
    choice = choose(state.record.contenders(), state.setup.request.policy)
    if choice.chosen:
        state.record.run = replace(
            state.record.run, progressive=story(state, state.record.trials[choice.chosen])
        )
    return choice


def confirm_one(state: State, name: str) -> bool:
    """Confirm one build beside the original alone; whether it passes every gate."""
    trial = whole(state, state.record.trials[name])
    if (
        not state.record.alive(name)
        or _accuracy(state, trial) is Outcome.FAIL
        or not state.record.alive(name)
    ):
        return False
    _time(state, name, [name])
    return state.record.trials[name].outcome is Outcome.PASS


def _finalists(state: State, most: int) -> list[str]:
    """The next ``most`` builds in order of preference whose accuracy holds on held-out text; undecided ones only to fill."""
    held, open_ = [], []
    order = shortlist(state.record.contenders(), state.setup.request.policy)
    waiting = [c.id for c in order if not state.record.trials[c.id].confirmed]
    for name in waiting[:_CANDIDATES]:
        trial = whole(state, state.record.trials[name])
        answer = _accuracy(state, trial) if state.record.alive(name) else Outcome.FAIL
        if answer is Outcome.PASS:
            held.append(name)
        elif answer is Outcome.INCONCLUSIVE:
            open_.append(name)
        if len(held) == most:
            break
    return [*held, *open_][:most]


def _accuracy(state: State, trial: Trial) -> Outcome:
    """Look after each segment of held-out text until every gate on accuracy is decided; the figures replace the explored.

    With the first segment a few prompts are answered too: a build that talks much longer or shorter has changed.
    """
    parts: list[Scored] = []
    originals: list[Scored] = []
    gates = [g for g in state.setup.request.policy.gates if not METRICS[g.metric].is_device_bound]
    values: dict[str, Value] = {}
    verdicts: list[Verdict] = []
    for number in range(state.setup.exam.held_out):
        state.setup.context.reporter.phase(f"confirming the accuracy of {trial.id} on held-out data")
        part = Part(kind=PartKind.HELD_OUT, number=number)
        original, reference = score_reference(state, part)
        answer = score_build(state, trial.recipe, trial.artifact, part=part, reference=reference)
        if isinstance(answer, Failure):
            state.record.fail(trial.recipe, answer, "held-out text")
            return Outcome.FAIL
        parts.append(answer)
        originals.append(original)
        values |= state.setup.exam.accuracy(parts, originals)
        verdicts = [judge(gate, values[gate.metric]) for gate in gates if gate.metric in values]
        if all(verdict.outcome is not Outcome.INCONCLUSIVE for verdict in verdicts):
            break
    if not parts:
        state.record.note("the data is too short to hold any of it out: accuracy stands on the explored part")
        return Outcome.PASS
    explored = trial.explored or trial.values
    state.record.update(
        replace(trial, values={**trial.values, **values}, explored=explored), "confirmed-accuracy"
    )
    outcome = overall(verdicts)
    if outcome is Outcome.FAIL:
        lost = next(v.reason for v in verdicts if v.outcome is Outcome.FAIL)
        state.record.refute(trial.id, f"held-out text: {lost}")
    return outcome


def _time(state: State, group: str, finalists: list[str]) -> None:
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
    return is_surely_noisy(noise.invalid - noise.swung, noise.blocks)


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
