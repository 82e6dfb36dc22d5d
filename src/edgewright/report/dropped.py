"""What fell out of a run, each reason once: at its framework where that lost all of its builds, else at the build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgewright.core.jobs.results import FailureKind
from edgewright.core.run import Run, Status, Trial
from edgewright.report.sentences import sentence
from edgewright.report.statuses import LABELS

_LOST = {Status.UNSUPPORTED, Status.UNAVAILABLE, Status.BROKEN, Status.FAILED}
"""What the first build of a framework is where the whole framework is lost."""

_CAUSES: Mapping[FailureKind, str] = {
    FailureKind.UNSUPPORTED: "a limit of the framework",
    FailureKind.INVALID_INPUT: "an error in the model's files",
    FailureKind.RESOURCE: "this machine lacks memory or disk",
    FailureKind.OFFLINE: "the network is needed",
    FailureKind.FAILED: "an error in the framework or in edgewright, not in the model",
    FailureKind.CRASHED: "the framework's process crashed",
    FailureKind.TIMED_OUT: "it took too long",
}
"""Whose fault a failed job is, as far as its kind says."""


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """One line: a framework with so many ``builds``, or one build; ``what`` became of it, whose fault that is, and why."""

    name: str
    what: str
    reason: str
    log: str = ""
    builds: int = 1


def lost_frameworks(run: Run) -> dict[str, tuple[Trial, ...]]:
    """The frameworks that lost all of their builds for one reason, with those builds, the conversion first."""
    by_framework: dict[str, list[Trial]] = {}
    for trial in run.trials:
        if trial.status is not Status.UNTRIED:
            by_framework.setdefault(trial.recipe.framework, []).append(trial)
    return {name: tuple(trials) for name, trials in by_framework.items() if _is_lost(trials)}


def _is_lost(trials: Sequence[Trial]) -> bool:
    first = trials[0]
    return len(trials) > 1 and first.status in _LOST and all(t.reason == first.reason for t in trials)


def dropped(run: Run) -> list[Dropped]:
    """Everything that has no figures, with its reason; what the table of conversions says already is left to it."""
    lost = lost_frameworks(run)
    compared = {cross.framework for cross in run.cross_validation if not cross.equal}
    lines = [_line(name, trials[0], len(trials)) for name, trials in lost.items() if name not in compared]
    lines += [
        _line(trial.id, trial)
        for trial in run.trials
        if trial.reason
        and trial.status not in {Status.MEASURED, Status.UNTRIED}
        and trial.recipe.framework not in lost
        and not trial.variant_of  # a runtime option that did not help is part of the five stages' story
    ]
    return lines


def _line(name: str, trial: Trial, builds: int = 1) -> Dropped:
    cause = _CAUSES[trial.failure] if trial.failure else ""
    what = f"{LABELS[trial.status]} ({cause})" if cause else LABELS[trial.status]
    return Dropped(name=name, what=what, reason=sentence(trial.reason), log=trial.log, builds=builds)
