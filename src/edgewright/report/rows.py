"""The comparison table's columns and rows, shared by terminal and HTML."""

from __future__ import annotations

from edgewright.core.decision.verdict import Outcome
from edgewright.core.measurement.quantity import METRICS
from edgewright.core.run import Run, Status, Trial
from edgewright.report.dropped import lost_frameworks
from edgewright.report.figures import figure, percent, percent_of_few
from edgewright.report.statuses import LABELS

COLUMNS = (
    ("build", "left"),
    ("size", "right"),
    ("bits/w", "right"),
    ("KL", "right"),
    ("top-1", "right"),
    ("retained", "right"),
    ("decode tok/s", "right"),
    ("speedup", "right"),
    ("TTFT ms", "right"),
    ("memory", "right"),
    ("verdict", "left"),
)


def cells(trial: Trial) -> tuple[str, ...]:
    """A trial as one row of the table."""
    v = trial.values
    return (
        trial.id,
        figure(v.get("size_bytes")),
        figure(v.get("bits_per_weight")),
        figure(v.get("kl_divergence")),
        percent(v.get("top1_agreement")),
        percent_of_few(v.get("accuracy_retained")),
        figure(v.get("decode_tok_s")),
        f"{figure(v['speedup'])}x" if "speedup" in v else "-",
        figure(v.get("ttft_ms")),
        figure(v.get("peak_bytes")),
        verdict(trial),
    )


def expectation(trial: Trial) -> str:
    """What was predicted of a build before it was made, beside what was measured of it."""
    parts = []
    for metric, value in trial.predicted.items():
        measured = trial.values.get(metric)
        title = METRICS[metric].title.lower()
        parts.append(f"{title} predicted {figure(value)}, measured {figure(measured)}")
    return "; ".join(parts)


def verdict(trial: Trial) -> str:
    """What became of a trial, in a few words."""
    if trial.recipe.framework == "torch":
        return "baseline"
    if trial.status is not Status.MEASURED:
        return LABELS[trial.status]
    left_open = [v.gate.metric.replace("_", " ") for v in trial.verdicts if v.excused]
    if trial.outcome is Outcome.PASS:
        return f"pass, open: {', '.join(left_open)}" if left_open else "pass"
    if trial.outcome is Outcome.INCONCLUSIVE and not trial.confirmed:
        return "explored"
    missed = [
        v.gate.metric.replace("_", " ")
        for v in trial.verdicts
        if v.outcome is trial.outcome and not v.excused
    ]
    return f"{trial.outcome}: {', '.join(missed)}"


def table(run: Run) -> list[tuple[Trial, tuple[str, ...]]]:
    """The rows: a framework that lost all of its builds for one reason has one."""
    lost = lost_frameworks(run)
    rows = []
    for trial in ordered(run):
        builds = lost.get(trial.recipe.framework, ())
        if not builds:
            rows.append((trial, cells(trial)))
        elif trial is builds[0]:
            name = f"{trial.recipe.framework} ({len(builds)} builds)"
            rows.append((trial, (name, *("-" for _ in COLUMNS[2:]), LABELS[trial.status])))
    return rows


def ordered(run: Run) -> list[Trial]:
    """The baseline, then trials by framework, as they were planned; not what a search left untried."""
    return [run.baseline, *(trial for trial in run.trials if trial.status is not Status.UNTRIED)]


def untried(run: Run) -> list[Trial]:
    """What a search knew of and did not build, each with its reason."""
    return [trial for trial in run.trials if trial.status is Status.UNTRIED]


def place_of(run: Run, trial: Trial) -> str:
    """Where a build lies: beside the run's record if it was exported there, else in the cache home's store."""
    if trial.artifact is None:
        return "nowhere"
    return f"{run.directory}/best" if trial.id == run.exported else trial.artifact.path


def fewer_tokens(trial: Trial, run: Run) -> str:
    """On how many tokens a slow runtime's accuracy stands."""
    return f"scored on the first {trial.scored_tokens} of {run.data.tokens} tokens: this runtime is slow here"
