"""The run's answer in a sentence, the reasons, and what is still open of a provisional one."""

from __future__ import annotations

from collections.abc import Mapping

from edgewright.core.decision.verdict import Needs, Verdict
from edgewright.core.measurement.quantity import METRICS, Kind
from edgewright.core.run import Run, StageStep, Trial
from edgewright.core.statistics.looks import ROUND_LOOKS
from edgewright.report.comparison import compare
from edgewright.report.figures import figure, percent
from edgewright.report.sentences import sentence, verdict_sentence

_DECIDES: Mapping[Needs, str] = {
    Needs.TEXT: "more text would decide it (use a longer --eval-data, or omit --quick)",
    Needs.QUIET_HOST: "the same command on a quieter host would decide it",
    Needs.CONFIRMATION: "confirming the build would decide it (the same gates and preferences with `optimize`)",
    Needs.MEMORY: "a host with more free memory would decide it",
    Needs.DEVICE: "measuring on the device would decide it",
    Needs.FIGURE: "a measured value would decide it",
}


def headline(run: Run) -> str:
    """The run's answer in one sentence."""
    best = run.best
    if best is None or run.choice is None:
        miss = run.choice.nearest_miss if run.choice else None
        tail = f" Closest build: {miss}." if miss else ""
        return f"No build passed every gate.{tail}"
    v = best.values
    speed = run.policy.axes["speed"]
    unit = METRICS[speed].unit.replace("token/", "tokens/")
    kept = f"{percent(v['accuracy_retained'])} of its accuracy, " if "accuracy_retained" in v else ""
    where = "" if run.assessment.measured_here else " (figures of this machine, not of the device)"
    word = "Recommended, provisionally" if run.provisional else "Recommended"
    return (
        f"{word}: {best.id}, {figure(v.get('size_bytes'))}, {figure(v.get(speed))} {unit} "
        f"({figure(v.get('speedup'))}x the original), {kept}"
        f"{figure(v.get('peak_bytes'))} peak memory{where}.{_open(run)}"
    )


def _open(run: Run) -> str:
    """Which gates a provisional answer leaves open."""
    if not run.provisional or run.choice is None:
        return ""
    names = dict.fromkeys(
        "steadiness"
        if METRICS[v.gate.metric].kind is Kind.STEADINESS
        else METRICS[v.gate.metric].title.lower()
        for v in run.choice.open_gates
    )
    return f" It fails no gate; undecided: {', '.join(names) or 'it was not confirmed'}."


def open_lines(run: Run) -> list[str]:
    """Each open gate of a provisional answer with what was measured and what would decide it; what stands behind it first."""
    best = run.best
    if best is None or run.choice is None or not run.provisional:
        return []
    return [
        _measured(best),
        *(f"open: {verdict_sentence(v)}; {_decides(best, v)}" for v in run.choice.open_gates),
    ]


def choice_lines(run: Run) -> list[str]:
    """Why the choice was made: its reasons, gates that the host left open, the next best, and what the nearest miss missed."""
    choice, best = run.choice, run.best
    if choice is None:
        return []
    lines = [sentence(reason) for reason in choice.reasons]
    if best is not None:
        lines += [f"open: {verdict_sentence(v)}" for v in best.verdicts if v.excused]
    if best is not None and choice.runner_up is not None:
        policy = run.policy
        other = run.trial(choice.runner_up)
        change = compare(other.values, best.values, policy.objectives, policy.axes)
        lines.append(f"the next best is {other.id}: {change}")
    return [*lines, *(f"missed: {verdict_sentence(v)}" for v in choice.missed)]


def notes(run: Run) -> list[str]:
    """What a reader should know of the source and of the run."""
    return [*run.source.notes, *(sentence(note) for note in run.notes)]


def steps(run: Run) -> list[tuple[StageStep, str]]:
    """The stages of the chosen build, each with what it gains and costs against the one before."""
    before = (None, *run.progressive)
    return [
        (step, compare(step.values, last.values, axes=run.policy.axes) if step.compared and last else "")
        for step, last in zip(run.progressive, before, strict=False)
    ]


def _measured(trial: Trial) -> str:
    kept = trial.values.get("accuracy_retained")
    blocks = f"{trial.blocks} timed process{'' if trial.blocks == 1 else 'es'}"
    positions = f" and {kept.n} positions of text" if kept and kept.n else ""
    how = "confirmed" if trial.confirmed else "in the search only"
    return f"measured on {blocks}{positions}, {how}; a provisional result does not prove that the gates pass"


def _decides(trial: Trial, verdict: Verdict) -> str:
    if verdict.needs is not None and verdict.needs is not Needs.ROUNDS:
        return _DECIDES[verdict.needs]
    if not trial.confirmed:
        return _DECIDES[Needs.CONFIRMATION]
    if trial.blocks < ROUND_LOOKS[0]:
        return "more rounds would decide it (`optimize` without --quick), or a quieter host"
    return "a quieter host would decide it, or a bound further from the figure"
