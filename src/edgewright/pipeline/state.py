"""A run under construction: trials by id, their scores and their blocks. The only mutable thing of the pipeline."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgewright.core.artifact import Artifact
from edgewright.core.choice import Contender
from edgewright.core.jobs import Failure, FailureKind
from edgewright.core.measurement import Block, Scores
from edgewright.core.model import Source
from edgewright.core.policy import Policy
from edgewright.core.quantity import METRICS, Label, Value
from edgewright.core.recipe import Plan, Recipe
from edgewright.core.run import CrossValidation, Run, Status, Trial
from edgewright.core.summary import accuracy_values, paired_values, speed_values
from edgewright.core.verdict import judge_all, overall
from edgewright.pipeline.remaining import units_left
from edgewright.pipeline.request import Request
from edgewright.ports import Journal, Workshop

BASELINE = "torch/original"


@dataclass
class State:
    """Everything that is known so far."""

    shop: Workshop
    journal: Journal
    request: Request
    source: Source
    plan: Plan
    ids: tuple[int, ...]
    held_out: tuple[int, ...]
    parity_texts: tuple[str, ...]
    run: Run
    rng: random.Random
    deadline_s: float | None = None
    expected_ids: tuple[tuple[int, ...], ...] = ()
    reference: Path | None = None
    trials: dict[str, Trial] = field(default_factory=dict)
    scores: dict[str, Scores] = field(default_factory=dict)
    rounds: dict[int, dict[str, Block]] = field(default_factory=dict)
    crosses: list[CrossValidation] = field(default_factory=list)

    # --- looking ---

    def log(self, trial: str, step: str) -> Path:
        """Where a step of a trial writes its log."""
        return self.shop.logs / trial.replace("/", "-") / f"{step}.log"

    def blocks(self, trial: str) -> dict[int, Block]:
        """A trial's blocks by round."""
        return {number: blocks[trial] for number, blocks in self.rounds.items() if trial in blocks}

    def alive(self, trial: str) -> bool:
        """Whether a trial can still be measured."""
        return self.trials[trial].status in {Status.SCORED, Status.MEASURED}

    def units_left(self) -> float:
        """Work that is left, in the units of `remaining`."""
        return units_left(list(self.trials.values()), self.request.final_rounds)

    def out_of_time(self) -> bool:
        """Whether the user's budget is spent."""
        return self.deadline_s is not None and self.shop.clock.monotonic_s() > self.deadline_s

    # --- changing ---

    def update(self, trial: Trial, event: str) -> None:
        """Keep a trial's new state, write it down and tell it."""
        if trial.id == BASELINE:
            self.run = replace(self.run, baseline=trial)
        else:
            self.trials[trial.id] = trial
        self.journal.note(event, trial=trial.id, status=trial.status, reason=trial.reason)
        self.save()
        if trial.status is not Status.PLANNED:
            self.shop.reporter.trial(trial)

    def fail(self, recipe: Recipe, failure: Failure, during: str) -> None:
        """Record that a trial ended without a result."""
        unsupported = failure.failure is FailureKind.UNSUPPORTED
        status = Status.UNSUPPORTED if unsupported else Status.FAILED
        trial = replace(
            self.trials[recipe.id], status=status, reason=f"{during}: {failure.reason}", log=failure.log
        )
        self.update(trial, "failed")

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
            status=Status.BUILT,
            artifact=artifact,
            values=values,
            notes=manifest.notes,
            reason="",
        )
        self.update(trial, "built")

    def scored(self, recipe: Recipe, scores: Scores) -> None:
        """Record a trial's scores."""
        self.scores[recipe.id] = scores
        trial = self.trials[recipe.id]
        values = {**trial.values, **accuracy_values(scores)}
        notes = trial.notes
        if scores.tokens < min(len(self.ids), self.scores[BASELINE].tokens):
            notes = (
                *notes,
                f"scored on the first {scores.tokens} of {len(self.ids)} tokens: this runtime is slow here",
            )
        trial = replace(trial, status=Status.SCORED, values=values, placement=scores.placement, notes=notes)
        self.update(trial, "scored")

    def measured(self, number: int, blocks: Mapping[str, Block]) -> None:
        """Record a finished round, and judge everyone anew."""
        self.rounds[number] = dict(blocks)
        self.journal.add_round(number, blocks)
        self.judge()

    def judge(self) -> None:
        """Values and verdicts of all trials that have blocks, from all rounds so far."""
        base_blocks = self.blocks(BASELINE)
        if not base_blocks:
            return
        base = self.run.baseline
        base_values = {**base.values, **speed_values(list(base_blocks.values()))}
        self.run = replace(
            self.run,
            baseline=replace(base, values=base_values, status=Status.MEASURED, blocks=len(base_blocks)),
        )
        for identifier, trial in self.trials.items():
            blocks = self.blocks(identifier)
            if blocks and self.alive(identifier):
                self.trials[identifier] = self._judged(trial, blocks, base_blocks)
                if len(blocks) != trial.blocks:
                    self.shop.reporter.trial(self.trials[identifier])
        self.save()

    def _judged(self, trial: Trial, blocks: Mapping[int, Block], base: Mapping[int, Block]) -> Trial:
        values = {**trial.values, **speed_values(list(blocks.values())), **paired_values(blocks, base)}
        noisy = is_noisy(self.run.baseline, self.request.policy)
        elsewhere = not self.run.assessment.measured_here
        verdicts = judge_all(self.request.policy, values, noisy_host=noisy, elsewhere=elsewhere)
        placement = next(reversed(list(blocks.values()))).placement
        return replace(
            trial,
            status=Status.MEASURED,
            values=values,
            verdicts=verdicts,
            outcome=overall(verdicts),
            placement=placement,
            blocks=len(blocks),
        )

    def contenders(self) -> list[Contender]:
        """The trials that choosing may look at."""
        return [
            Contender(id=trial.id, values=trial.values, verdicts=trial.verdicts)
            for trial in self.trials.values()
            if trial.status is Status.MEASURED
        ]

    def save(self) -> None:
        """Write the record."""
        self.run = replace(self.run, trials=tuple(self.trials.values()), cross_validation=tuple(self.crosses))
        self.journal.save(self.run)


def is_noisy(baseline: Trial, policy: Policy) -> bool:
    """Whether the baseline itself breaks the latency gate: then it is the host that is unsteady."""
    steady = baseline.values.get("latency_variation")
    gates = [gate for gate in policy.gates if gate.metric == "latency_variation"]
    return (
        bool(gates) and steady is not None and steady.value is not None and not gates[0].holds(steady.value)
    )


def policy_verdicts(trial: Trial, policy: Policy, *, noisy_host: bool, elsewhere: bool) -> Trial:
    """A measured trial judged by another policy."""
    if trial.status is not Status.MEASURED:
        return trial
    verdicts = judge_all(policy, trial.values, noisy_host=noisy_host, elsewhere=elsewhere)
    return replace(trial, verdicts=verdicts, outcome=overall(verdicts))


def _exact(metric: str, value: float, method: str) -> Value:
    return Value(value=float(value), unit=METRICS[metric].unit, label=Label.MEASURED, method=method, n=1)
