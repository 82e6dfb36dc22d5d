"""After the search: the best builds are measured again, on new blocks and on text that chose nothing. Only that gates."""

from __future__ import annotations

from dataclasses import replace

from edgewright.app.optimize.confirm_accuracy import confirm_accuracy
from edgewright.app.optimize.confirm_speed import confirm_speed
from edgewright.app.optimize.progression import progression
from edgewright.app.optimize.quota import with_files
from edgewright.app.optimize.state import State
from edgewright.app.optimize.tune import tune
from edgewright.core.decision.choice import Choice, choose
from edgewright.core.decision.ranking import shortlist
from edgewright.core.decision.verdict import Outcome

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
            confirm_speed(state, str(turn), finalists)
            mute = state.record.run.host is not None and state.record.run.host.is_mute
            if mute or any(state.record.trials[name].outcome is Outcome.PASS for name in finalists):
                break
    choice = choose(state.record.contenders(), state.setup.request.policy)
    if choice.chosen:
        state.record.run = replace(
            state.record.run, progressive=progression(state, state.record.trials[choice.chosen])
        )
    return choice


def confirm_one(state: State, name: str) -> bool:
    """Confirm one build beside the original alone; whether it passes every gate."""
    trial = with_files(state, state.record.trials[name])
    if (
        not state.record.alive(name)
        or confirm_accuracy(state, trial) is Outcome.FAIL
        or not state.record.alive(name)
    ):
        return False
    confirm_speed(state, name, [name])
    return state.record.trials[name].outcome is Outcome.PASS


def _finalists(state: State, most: int) -> list[str]:
    """The next ``most`` builds in order of preference whose accuracy holds on held-out text; undecided ones only to fill."""
    held, open_ = [], []
    order = shortlist(state.record.contenders(), state.setup.request.policy)
    waiting = [c.id for c in order if not state.record.trials[c.id].confirmed]
    for name in waiting[:_CANDIDATES]:
        trial = with_files(state, state.record.trials[name])
        answer = confirm_accuracy(state, trial) if state.record.alive(name) else Outcome.FAIL
        if answer is Outcome.PASS:
            held.append(name)
        elif answer is Outcome.INCONCLUSIVE:
            open_.append(name)
        if len(held) == most:
            break
    return [*held, *open_][:most]
