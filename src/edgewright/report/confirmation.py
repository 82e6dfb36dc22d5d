"""The confirmed builds: each gate with its figure, its interval and what was decided; and how noisy the host was."""

from __future__ import annotations

from rich.console import Console

from edgewright.core.decision.verdict import Outcome, Verdict
from edgewright.core.measurement.quantity import METRICS
from edgewright.core.measurement.rounds import HostNoise
from edgewright.core.run import Run, Trial
from edgewright.report.figures import scaled
from edgewright.report.lines import add_row, say, table_of
from edgewright.report.sentences import sentence, sentences

_STYLES = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.INCONCLUSIVE: "yellow"}


def confirmed(run: Run) -> list[Trial]:
    """The builds that were measured again."""
    return [trial for trial in run.trials if trial.confirmed]


def show_confirmation(console: Console, run: Run) -> None:
    """Nothing where no build was confirmed."""
    trials = confirmed(run)
    if not trials:
        return
    table = table_of(console, "Confirmed on new blocks and held-out text")
    for name in ("build", "gate", "figure", "interval", "verdict"):
        table.add_column(name, justify="left", overflow="fold")
    for trial in trials:
        for place, verdict in enumerate(trial.verdicts):
            add_row(table, trial.id if place == 0 else "", *gate_cells(trial, verdict))
    console.print(table)
    if run.host:
        say(console, f"  {host_line(run.host)}")


def gate_cells(trial: Trial, verdict: Verdict) -> tuple[str | tuple[str, str], ...]:
    """A gate's bound, figure, interval and verdict."""
    metric = METRICS[verdict.gate.metric]
    value = trial.values.get(metric.name)
    bound = f"{metric.title} {verdict.gate.sign} {scaled(verdict.gate.bound, metric.unit)}"
    word = f"{verdict.outcome}{', does not count' if verdict.excused else ''}"
    if value is None or value.value is None:
        lack = sentence(value.reason) if value else "not measured"
        return bound, "-", lack, (word, _STYLES[verdict.outcome])
    span = "-"
    if value.ci_low is not None and value.ci_high is not None:
        span = f"{scaled(value.ci_low, value.unit)} to {scaled(value.ci_high, value.unit)} (n={value.n})"
    return bound, scaled(value.value, value.unit), span, (word, _STYLES[verdict.outcome])


def host_line(host: HostNoise) -> str:
    """How well this host can tell two builds apart."""
    parts = [f"{host.invalid} of {host.blocks} blocks were disturbed and run again"]
    if host.kept:
        what = "are kept" if host.swing is not None else "are left out"
        parts.append(f"{host.kept} more blocks were disturbed only by the host's own speed; they {what}")
    if host.resolution is not None:
        parts.append(
            f"the original differs from itself by up to {host.resolution:.1%} over "
            f"{host.resolution_rounds} rounds: smaller differences cannot be detected on this host"
        )
    if host.is_mute:
        parts.append("too noisy for a verdict on speed")
    elif host.swing is not None:
        parts.append(
            f"the host's speed changed {host.swing:.2f}-fold during the run: speeds are valid only for "
            "this host at that time"
        )
    if host.causes:
        parts.append(f"causes: {'; '.join(sentences(one, ' and ') for one in host.causes[:2])}")
    return "; ".join(parts)
