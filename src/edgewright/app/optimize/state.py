"""A run under construction, in three parts that never mix: what is given, what was measured, what is written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgewright.app.optimize.eta import units_left
from edgewright.app.optimize.judging import judged, timed
from edgewright.app.optimize.measurements import Measurements
from edgewright.app.optimize.record import RunRecord
from edgewright.app.optimize.setup import Setup
from edgewright.core.measurement.rounds import Phase
from edgewright.core.recipe.recipes import Recipe
from edgewright.core.run import Status
from edgewright.ports.task import Scored


@dataclass(frozen=True, kw_only=True)
class State:
    """What needs more than one part to be said or done."""

    setup: Setup
    measured: Measurements
    record: RunRecord

    def spent(self) -> bool:
        """Whether the search's budget is: time, or builds that were tried."""
        most = self.setup.request.budget_trials
        return self.setup.out_of_time() or (most is not None and self.record.tried() >= most)

    def units_left(self) -> float:
        """Work that is left, in the units of `app.optimize.eta`."""
        request = self.setup.request
        confirmed = len(self.measured.of(Phase.CONFIRM))
        usual = request.confirmation.rounds[:2][-1]  # the first look seldom shows that a build is steady
        rounds = max(usual - confirmed, 0)
        trials = list(self.record.trials.values())
        if request.budget_trials is not None:
            waiting = [trial for trial in trials if trial.status is Status.PLANNED]
            left = max(request.budget_trials - self.record.tried(), 0)
            trials = [t for t in trials if t not in waiting[left:]]
        return units_left(trials, rounds)

    def scored(self, recipe: Recipe, scores: Scored) -> None:
        """Record a trial's scores."""
        self.measured.scores[recipe.id] = scores
        trial = self.record.trials[recipe.id]
        asked = min(self.record.run.data.tokens, self.measured.scores[self.setup.baseline_id].tokens)
        trial = replace(
            trial,
            status=Status.SCORED,
            values={**trial.values, **self.setup.exam.accuracy([scores])},
            placement=scores.placement,
            scored_tokens=scores.tokens if scores.tokens < asked else None,
        )
        self.record.update(trial, "scored")

    def judge(self) -> None:
        """Values and verdicts of all trials that were explored and not yet confirmed, from all rounds so far."""
        record, measured = self.record, self.measured
        base = measured.blocks(self.setup.baseline_id)
        if not base:
            return
        if not record.run.baseline.confirmed:
            record.run = replace(record.run, baseline=timed(self.setup.exam, record.run.baseline, base, base))
        for identifier, trial in list(record.trials.items()):
            blocks = measured.blocks(identifier)
            if blocks and record.alive(identifier) and not trial.confirmed:
                now = judged(
                    timed(self.setup.exam, trial, blocks, base), record.run, self.setup.request.policy
                )
                record.judged(now, told=len(blocks) != trial.blocks)
        record.save()
