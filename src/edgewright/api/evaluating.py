"""``evaluate``, ``evaluate_tasks`` and ``evaluate_lm_eval``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgewright.api.calling import context_of, options_of
from edgewright.app.evaluate import lm_eval, tasks, text
from edgewright.app.evaluate.lm_eval import HarnessEvaluation, HarnessOptions
from edgewright.app.evaluate.tasks import TaskEvaluation, TaskOptions
from edgewright.app.evaluate.text import Evaluation, TextOptions
from edgewright.environment import Environment
from edgewright.ports import Reporter

_LOGS = "evaluate"


def evaluate(
    model: str,
    options: TextOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> Evaluation:
    """Score a model or a build on a text; see `app.evaluate.text.evaluate`.

    Args:
        model: a model or a build's directory.
        options: see `TextOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        Values by metric, and with a baseline the verdict on the retained accuracy.

    Raises:
        EdgewrightError: the model, its runtime or the text is not available.
    """
    context = context_of(_LOGS, environment, reporter, offline=offline)
    return text.evaluate(context, model, options_of(TextOptions, options, named))


def evaluate_tasks(
    model: str,
    items: Sequence[str | Path],
    options: TaskOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> TaskEvaluation:
    """Multiple-choice accuracy by log-likelihood; see `app.evaluate.tasks.evaluate_tasks`.

    Args:
        model: a model or a build's directory.
        items: JSONL files, or ``edgewright`` for the set included in edgewright.
        options: see `TaskOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        One result for each set.

    Raises:
        EdgewrightError: a task file, the model or its runtime is not available.
    """
    context = context_of(_LOGS, environment, reporter, offline=offline)
    return tasks.evaluate_tasks(context, model, items, options_of(TaskOptions, options, named))


def evaluate_lm_eval(
    model: str,
    items: Sequence[str],
    options: HarnessOptions | None = None,
    *,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
    **named: Any,
) -> HarnessEvaluation:
    """Run tasks of lm-evaluation-harness; see `app.evaluate.lm_eval.evaluate_lm_eval`.

    Args:
        model: a model or a build's directory.
        items: names of the harness's tasks.
        options: see `HarnessOptions`.
        environment: the environment to use instead of this machine.
        reporter: receives the progress.
        offline: use no network.
        **named: fields of the options.

    Returns:
        The harness's own scores, and its items by task.

    Raises:
        OfflineError: a task's data must be downloaded, but the network is not available.
        EdgewrightError: a task, the model or a toolchain is not available.
    """
    context = context_of(_LOGS, environment, reporter, offline=offline)
    return lm_eval.evaluate_lm_eval(context, model, items, options_of(HarnessOptions, options, named))
