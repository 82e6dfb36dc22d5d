"""The run's answer in a sentence, and what is still open of a provisional one."""

from __future__ import annotations

from collections.abc import Mapping

from edgewright.core.decision.verdict import Needs, Verdict
from edgewright.core.measurement.quantity import METRICS, Kind
from edgewright.core.run import Run, Trial
from edgewright.core.statistics.looks import ROUND_LOOKS
from edgewright.report.figures import figure, percent

_DECIDES: Mapping[Needs, str] = {
    Needs.TEXT: "more text would decide it (--eval-data with a longer one, or no --quick)",
    Needs.QUIET_HOST: "the same command on a quieter host would decide it",
    Needs.CONFIRMATION: "confirming the build would decide it (the same gates and preferences with `optimize`)",
    Needs.MEMORY: "a host with more free memory would decide it",
    Needs.DEVICE: "measuring on the device would decide it",
    Needs.FIGURE: "a figure would decide it",
}


def headline(run: Run) -> str:
    """The run's answer in one sentence."""
    best = run.best
    if best is None or run.choice is None:
        miss = run.choice.nearest_miss if run.choice else None
        tail = f" Nearest: {miss}." if miss else ""
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
    return f" No gate fails it; not decided: {', '.join(names) or 'it was not confirmed'}."


def open_lines(run: Run) -> list[str]:
    """Each open gate of a provisional answer with what was measured and what would decide it; what stands behind it first."""
    best = run.best
    if best is None or run.choice is None or not run.provisional:
        return []
    return [_measured(best), *(f"open: {v.reason}; {_decides(best, v)}" for v in run.choice.open_gates)]


def _measured(trial: Trial) -> str:
    kept = trial.values.get("accuracy_retained")
    blocks = f"{trial.blocks} timed process{'' if trial.blocks == 1 else 'es'}"
    positions = f" and {kept.n} positions of text" if kept and kept.n else ""
    how = "confirmed" if trial.confirmed else "from the search only"
    return f"measured on {blocks}{positions}, {how}; a provisional answer proves nothing"


def _decides(trial: Trial, verdict: Verdict) -> str:
    if verdict.needs is not None and verdict.needs is not Needs.ROUNDS:
        return _DECIDES[verdict.needs]
    if not trial.confirmed:
        return _DECIDES[Needs.CONFIRMATION]
    if trial.blocks < ROUND_LOOKS[0]:
        return "more rounds would decide it (`optimize` without --quick), or a quieter host"
    return "a quieter host would decide it, or a bound further from the figure"
