"""A run under construction: trials by id, their scores and their rounds. The only mutable thing of the pipeline."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgewright.app.optimize.eta import units_left
from edgewright.app.optimize.judging import judged, timed
from edgewright.app.optimize.parallel import at_once
from edgewright.app.optimize.request import Request
from edgewright.core.decision.ranking import Contender
from edgewright.core.decision.verdict import Outcome
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.core.measurement.accuracy import accuracy_values
from edgewright.core.measurement.data import Calibration, Parts
from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.core.measurement.records import Block, Prompts, Scores
from edgewright.core.measurement.rounds import Round, counted
from edgewright.core.model.facts import Source
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import Plan, Recipe
from edgewright.core.recipe.sensitivity import Sensitivity
from edgewright.core.run import CrossValidation, Run, Status, Trial
from edgewright.ports import Backend, Context, Journal

EXPLORE, CONFIRM = "explore/", "confirm/"
"""How the names of exploring rounds begin, and those of a confirmation; they never mix."""


@dataclass
class State:
    """Everything that is known so far."""

    context: Context
    journal: Journal
    request: Request
    source: Source
    plan: Plan
    parts: Parts
    calibration: Calibration
    parity_texts: tuple[str, ...]
    begin: tuple[int, ...]
    prompt: tuple[int, ...]
    prompts: Prompts
    run: Run
    rng: random.Random
    deadline_s: float | None = None
    sensitivity: Sensitivity | Failure | None = None
    type_seconds: dict[str, Mapping[str, float]] = field(default_factory=dict)
    expected_ids: tuple[tuple[int, ...], ...] = ()
    reference: Path | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    made: dict[str, Artifact] = field(default_factory=dict)
    trials: dict[str, Trial] = field(default_factory=dict)
    scores: dict[str, Scores] = field(default_factory=dict)
    rounds: dict[str, Round] = field(default_factory=dict)
    crosses: list[CrossValidation] = field(default_factory=list)

    # --- looking ---

    @property
    def ids(self) -> tuple[int, ...]:
        """The explored text."""
        return self.parts.explored

    @property
    def baseline_id(self) -> str:
        """The arm of the original."""
        return self.plan.baseline.id

    @property
    def again_id(self) -> str:
        """The original's second arm: what it differs by from the first is what this host cannot tell apart."""
        return f"{self.baseline_id} again"

    @property
    def original(self) -> Backend:
        """The framework that runs the original: the reference, or one that runs its file itself."""
        return self.context.backend(self.plan.baseline.framework)

    def log(self, trial: str, step: str) -> Path:
        """Where a step of a trial writes its log."""
        return self.context.logs / trial.replace("/", "-") / f"{step}.log"

    def blocks(self, trial: str, phase: str = EXPLORE) -> dict[str, Block]:
        """A trial's blocks that count, of the rounds whose names begin with ``phase``."""
        return counted({name: one for name, one in self.rounds.items() if name.startswith(phase)}, trial)

    def alive(self, trial: str) -> bool:
        """Whether a trial can still be measured."""
        return self.trials[trial].status in {Status.SCORED, Status.MEASURED}

    def units_left(self) -> float:
        """Work that is left, in the units of `remaining`."""
        confirmed = sum(name.startswith(CONFIRM) for name in self.rounds)
        rounds = max(self.request.confirmation.rounds[0] - confirmed, 0)
        trials = list(self.trials.values())
        if self.request.budget_trials is not None:
            waiting = [trial for trial in trials if trial.status is Status.PLANNED]
            left = max(self.request.budget_trials - self.tried(), 0)
            trials = [t for t in trials if t not in waiting[left:]]
        return units_left(trials, rounds)

    def at_once(self) -> int:
        """How many builds may be made beside each other."""
        return at_once(self.run.assessment.host, self.source.facts)

    def out_of_time(self) -> bool:
        """Whether the user's budget is spent."""
        return self.deadline_s is not None and self.context.clock.monotonic_s() > self.deadline_s

    def spent(self) -> bool:
        """Whether the search's budget is: time, or builds that were tried."""
        most = self.request.budget_trials
        return self.out_of_time() or (most is not None and self.tried() >= most)

    def tried(self) -> int:
        """How many builds were begun."""
        waiting = {Status.PLANNED, Status.SKIPPED, Status.UNTRIED, Status.AUXILIARY}
        return sum(t.status not in waiting and not t.variant_of for t in self.trials.values())

    # --- changing ---

    def update(self, trial: Trial, event: str) -> None:
        """Keep a trial's new state, write it down and tell it."""
        if trial.id == self.baseline_id:
            self.run = replace(self.run, baseline=trial)
        else:
            self.trials[trial.id] = trial
        self.journal.note(event, trial=trial.id, status=trial.status, reason=trial.reason)
        self.save()
        if trial.status not in {Status.PLANNED, Status.UNTRIED}:
            self.context.reporter.trial(trial)

    def fail(self, recipe: Recipe, failure: Failure, during: str) -> None:
        """Record that a trial ended without a result."""
        unsupported = failure.failure is FailureKind.UNSUPPORTED
        status = Status.UNSUPPORTED if unsupported else Status.FAILED
        trial = replace(
            self.trials[recipe.id],
            status=status,
            reason=f"{during}: {failure.reason}",
            failure=failure.failure,
            log=failure.log,
        )
        self.update(trial, "failed")

    def refute(self, trial: str, reason: str) -> None:
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
            reason="",
            failure=None,
        )
        self.update(trial, "built")

    def scored(self, recipe: Recipe, scores: Scores) -> None:
        """Record a trial's scores."""
        self.scores[recipe.id] = scores
        trial = self.trials[recipe.id]
        values = {**trial.values, **accuracy_values(scores)}
        notes = trial.notes
        if scores.tokens < min(len(self.ids), self.scores[self.baseline_id].tokens):
            notes = (
                *notes,
                f"scored on the first {scores.tokens} of {len(self.ids)} tokens: this runtime is slow here",
            )
        trial = replace(trial, status=Status.SCORED, values=values, placement=scores.placement, notes=notes)
        self.update(trial, "scored")

    def measured(self, name: str, finished: Round) -> None:
        """Record a finished round."""
        self.rounds[name] = finished
        self.journal.add_round(name, finished)

    def judge(self) -> None:
        """Values and verdicts of all trials that were explored and not yet confirmed, from all rounds so far."""
        base = self.blocks(self.baseline_id)
        if not base:
            return
        if not self.run.baseline.confirmed:
            self.run = replace(self.run, baseline=timed(self.run.baseline, base, base))
        for identifier, trial in self.trials.items():
            blocks = self.blocks(identifier)
            if blocks and self.alive(identifier) and not trial.confirmed:
                measured = timed(trial, blocks, base)
                self.trials[identifier] = judged(measured, self.run, self.request.policy)
                if len(blocks) != trial.blocks:
                    self.context.reporter.trial(self.trials[identifier])
        self.save()

    def contenders(self) -> list[Contender]:
        """The trials that choosing may look at."""
        return [
            Contender(id=trial.id, values=trial.values, verdicts=trial.verdicts, confirmed=trial.confirmed)
            for trial in self.trials.values()
            if trial.status is Status.MEASURED
        ]

    def note(self, text: str) -> None:
        """Say something in the run's record, once."""
        if text not in self.run.notes:
            self.run = replace(self.run, notes=(*self.run.notes, text))

    def save(self) -> None:
        """Write the record."""
        self.run = replace(self.run, trials=tuple(self.trials.values()), cross_validation=tuple(self.crosses))
        self.journal.save(self.run)


def _exact(metric: str, value: float, method: str) -> Value:
    return Value(value=float(value), unit=METRICS[metric].unit, label=Label.MEASURED, method=method, n=1)
