"""What the ways to evaluate print, and the file of their items."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgewright.app.evaluate.lm_eval import HarnessEvaluation
from edgewright.app.evaluate.tasks import TaskEvaluation, TaskResult
from edgewright.app.evaluate.text import Evaluation
from edgewright.cli.output import console
from edgewright.core.decision.verdict import Verdict
from edgewright.core.measurement.quantity import Value
from edgewright.errors import ResourceError
from edgewright.report.figures import figure
from edgewright.report.sentences import sentence, verdict_sentence


def show_evaluation(answer: Evaluation) -> None:
    """A text's figures."""
    _say(f"{answer.model} in {answer.runtime}: {answer.tokens} tokens of {answer.data}")
    for name, value in answer.values.items():
        _line(name, f"{figure(value, interval=True)} {value.unit if value.unit != '1' else ''}")
    _verdict(answer.verdict)
    for note in answer.notes:
        _say(f"  note: {sentence(note)}")


def show_tasks(answer: TaskEvaluation) -> None:
    """Each task set: accuracy with its interval, by category, chance; with a baseline what is kept, and the verdict."""
    for result in answer.results:
        _say(f"{answer.model} in {answer.runtime}: {result.accuracy.n} items of {result.task}")
        _task(result)
        if result.retained is not None:
            _line("baseline accuracy", _percent(result.baseline_accuracy), str(answer.baseline))
            _line("accuracy retained", _percent(result.retained), result.retained.method)
        _verdict(result.verdict)


def _task(result: TaskResult) -> None:
    _line("accuracy", _percent(result.accuracy), "95 % interval")
    for name, value in result.by_category.items():
        _line(f"  {name}", _percent(value), f"{value.n} items")
    _line("accuracy, normalized", _percent(result.accuracy_normalized), "log-likelihood per character")
    _line("chance", f"{100 * result.chance:.1f} %")


def show_harness(answer: HarnessEvaluation) -> None:
    """The harness's own figures."""
    versions = ", ".join(f"{name} {version}" for name, version in answer.versions.items())
    _say(f"{answer.model} in {answer.runtime}, by {versions}")
    for score in answer.scores:
        shown = "-" if score.value is None else f"{score.value:.4f}"
        if score.stderr is not None:
            shown += f" +- {score.stderr:.4f}"
        chosen = f", filter {score.filter}" if score.filter != "none" else ""
        _line(f"{score.task} {score.metric}", shown, f"n={score.n}{chosen}")


def write_samples(path: Path | None, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """One JSON object a line: the task's name, then what is known of the item.

    Raises:
        ResourceError: the file cannot be written.
    """
    if path is None:
        return
    lines = (json.dumps({"task": task, **row}, ensure_ascii=False) + "\n" for task, row in rows)
    try:
        path.expanduser().write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise ResourceError(
            f"{path} cannot be written: {reason}.", hint="Name a file in a directory you can write."
        ) from error


def _percent(value: Value | None) -> str:
    if value is None or value.value is None:
        return f"- ({sentence(value.reason)})" if value and value.reason else "-"
    text = f"{100 * value.value:.1f} %"
    if value.ci_low is None or value.ci_high is None:
        return text
    return f"{text} ({100 * value.ci_low:.1f} to {100 * value.ci_high:.1f})"


def _verdict(verdict: Verdict | None) -> None:
    if verdict is not None:
        _line("verdict", verdict.outcome.value, verdict_sentence(verdict))


def _line(name: str, shown: str, note: str = "") -> None:
    _say(f"  {name:22} {shown.strip()}{f'  [{note}]' if note else ''}".rstrip())


def _say(text: str) -> None:
    console().print(text, highlight=False, markup=False, soft_wrap=True)
