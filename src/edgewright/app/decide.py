"""``show`` and ``pick``: decisions from a stored run, without measuring anything again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewright.app.optimize.judging import judged
from edgewright.core.decision.choice import choose
from edgewright.core.decision.policy import Policy
from edgewright.core.decision.ranking import Contender
from edgewright.core.run import Run, Status
from edgewright.ports import Context


def open_run(context: Context, path: str | Path) -> Run:
    """The record of a run, from its directory or its ``run.json``. A directory that was moved is known by its new place.

    Raises:
        InputError: there is none, or it was written by a later version.
    """
    place = Path(path)
    run = context.runs.read(place)
    return replace(run, directory=str(place.resolve())) if place.is_dir() else run


def pick(run: Run, policy: Policy) -> Run:
    """A run judged by another policy, with the choice that follows; the stored record stays as it is.

    Nothing is measured: a build that the run did not confirm is judged by its exploration, and its steadiness stays open.
    """
    if policy == run.policy:
        return run
    trials = tuple(
        judged(t, run, policy, explored=True) if t.status is Status.MEASURED else t for t in run.trials
    )
    contenders = [
        Contender(id=t.id, values=t.values, verdicts=t.verdicts, confirmed=t.confirmed)
        for t in trials
        if t.status is Status.MEASURED
    ]
    choice = choose(contenders, policy, explored=True)
    same = run.choice is not None and choice.chosen == run.choice.chosen
    return replace(
        run, policy=policy, trials=trials, choice=choice, progressive=run.progressive if same else ()
    )
