"""The record of a run while it is written: trials by id, what became of them, and the notes."""

from __future__ import annotations

from dataclasses import replace

from edgewright.core.decision.ranking import Contender
from edgewright.core.decision.verdict import Outcome
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Recipe
from edgewright.core.run import CrossValidation, Run, Status, Trial
from edgewright.ports import Journal, Reporter
from edgewright.reasons import Reason, because


class RunRecord:
    """Every change is written to the journal and the run's directory, and told to the reporter."""

    def __init__(self, run: Run, journal: Journal, reporter: Reporter) -> None:
        self.run = run
        self.trials: dict[str, Trial] = {trial.id: trial for trial in run.trials}
        self.crosses: list[CrossValidation] = []
        self._journal = journal
        self._reporter = reporter

    def alive(self, trial: str) -> bool:
        """Whether a trial can still be measured."""
        return self.trials[trial].status in {Status.SCORED, Status.MEASURED}

    def tried(self) -> int:
        """How many builds were begun."""
        waiting = {Status.PLANNED, Status.SKIPPED, Status.UNTRIED, Status.AUXILIARY}
        return sum(t.status not in waiting and not t.variant_of for t in self.trials.values())

    def contenders(self) -> list[Contender]:
        """The trials that choosing may look at."""
        return [
            Contender(id=trial.id, values=trial.values, verdicts=trial.verdicts, confirmed=trial.confirmed)
            for trial in self.trials.values()
            if trial.status is Status.MEASURED
        ]

    def update(self, trial: Trial, event: str) -> None:
        """Keep a trial's new state, write it down and tell it."""
        if trial.id == self.run.baseline.id:
            self.run = replace(self.run, baseline=trial)
        else:
            self.trials[trial.id] = trial
        self._journal.note(event, trial=trial.id, status=trial.status, reason=trial.reason)
        self.save()
        if trial.status not in {Status.PLANNED, Status.UNTRIED}:
            self._reporter.trial(trial)

    def fail(self, recipe: Recipe, failure: Failure, during: str) -> None:
        """Record that a trial ended without a result."""
        unsupported = failure.failure is FailureKind.UNSUPPORTED
        status = Status.UNSUPPORTED if unsupported else Status.FAILED
        trial = replace(
            self.trials[recipe.id],
            status=status,
            reason=because("failed", during=during, text=failure.reason),
            failure=failure.failure,
            log=failure.log,
        )
        self.update(trial, "failed")

    def refute(self, trial: str, reason: Reason) -> None:
        """A build that the confirmation refutes takes its variants with it: they are the same bytes."""
        bytes_of = self.trials[trial].variant_of or trial
        for one in list(self.trials.values()):
            if bytes_of in {one.id, one.variant_of} and one.status is Status.MEASURED:
                self.update(
                    replace(one, status=Status.REFUTED, outcome=Outcome.FAIL, reason=reason), "refuted"
                )

    def built(self, artifact: Artifact) -> None:
        """Record an artifact and what its files say."""
        manifest = artifact.manifest
        values = {
            "size_bytes": _exact("size_bytes", manifest.size_bytes, "sum of the artifact's files"),
            "bits_per_weight": _exact(
                "bits_per_weight", manifest.bits_per_weight, "8 x weight files / parameters"
            ),
        }
        trial = replace(
            self.trials[manifest.recipe.id],
            status=Status.AUXILIARY if manifest.recipe.auxiliary else Status.BUILT,
            artifact=artifact,
            values=values,
            notes=manifest.notes,
            reason=None,
            failure=None,
        )
        self.update(trial, "built")

    def judged(self, trial: Trial, *, told: bool) -> None:
        """Keep a trial's new figures and verdicts; they are written with the next `save`."""
        self.trials[trial.id] = trial
        if told:
            self._reporter.trial(trial)

    def event(self, name: str, **details: str | float | Reason | None) -> None:
        """Write something else to the history."""
        self._journal.note(name, **details)

    def note(self, what: Reason) -> None:
        """Keep something that a reader of the run should know, once."""
        if what not in self.run.notes:
            self.run = replace(self.run, notes=(*self.run.notes, what))

    def save(self) -> None:
        """Write the record."""
        self.run = replace(self.run, trials=tuple(self.trials.values()), cross_validation=tuple(self.crosses))
        self._journal.save(self.run)


def _exact(metric: str, value: float, method: str) -> Value:
    return Value(value=float(value), unit=METRICS[metric].unit, label=Label.MEASURED, method=method, n=1)
