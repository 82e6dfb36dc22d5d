"""``evaluate --tasks``: multiple choice by log-likelihood, and what a build keeps of its baseline's accuracy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.app.intake.runnable import Runnable, runnable, source_of_build
from edgewright.app.measure.text_scores import ids_of
from edgewright.app.options import ModelOptions
from edgewright.app.steps.likelihood import likelihood
from edgewright.core.decision.verdict import Verdict
from edgewright.core.jobs.results import Failure, error_of
from edgewright.core.measurement.likelihood import Likelihood, Pair, encode_pair
from edgewright.core.measurement.multiple_choice import (
    ItemScore,
    TaskSet,
    accuracy,
    by_category,
    item_scores,
    retention,
    verdict,
)
from edgewright.core.measurement.quantity import Value
from edgewright.core.recipe.recipes import scoring_runtime
from edgewright.errors import InputError
from edgewright.inputs.task_items import read_tasks
from edgewright.ports import Context


@dataclass(frozen=True, kw_only=True)
class TaskResult:
    """One task set: accuracies with their intervals, and every item. The last three are set with a baseline only.

    ``accuracy_normalized`` divides each choice's log-likelihood by its characters (the harness's ``acc_norm``).
    """

    task: str
    sha256: str
    chance: float
    accuracy: Value
    accuracy_normalized: Value
    by_category: Mapping[str, Value]
    items: tuple[ItemScore, ...]
    baseline_accuracy: Value | None = None
    retained: Value | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, kw_only=True)
class TaskEvaluation:
    """What was asked which questions, and how it did."""

    model: str
    runtime: str
    baseline: str | None
    results: tuple[TaskResult, ...]


@dataclass(frozen=True, kw_only=True)
class TaskOptions(ModelOptions):
    """``min_accuracy`` is the share of the ``baseline``'s accuracy that the verdict asks for.

    ``framework`` runs a build that another tool made.
    """

    baseline: str | None = None
    min_accuracy: float = 0.95
    framework: str = ""


def evaluate_tasks(
    context: Context, model: str, tasks: Sequence[str | Path], options: TaskOptions
) -> TaskEvaluation:
    """Ask a model or a build the items of JSONL files (or of ``edgewright``, the set that comes with it).

    Ids are made by the baseline's tokenizer where there is one, else by the model's own. A baseline that is an original is
    run in float32.

    Raises:
        EdgewrightError: a task file, the model or its runtime cannot be had.
    """
    sets = [read_tasks(name) for name in tasks]
    subject = runnable(context, model, framework=options.framework, trust=options.trust)
    against = runnable(context, options.baseline, trust=options.trust) if options.baseline else None
    encode = encoder(context, against or subject)
    return TaskEvaluation(
        model=subject.name,
        runtime=subject.backend.name,
        baseline=against.name if against else None,
        results=tuple(
            _result(context, subject, against, items, encode, options.min_accuracy) for items in sets
        ),
    )


def encoder(context: Context, subject: Runnable) -> Callable[[str], list[int]]:
    """Text to ids as the harness makes them: with what the model expects around a plain text, such as BOS.

    Files of other tools, whose source is not here, are asked for ids of their own tokenizer, without special tokens.
    """
    place = source_of_build(context, Path(subject.path))
    if place:
        tokenizer = context.files.tokenizer(place)
        return lambda text: tokenizer.encode(text, special=True)
    return lambda text: list(ids_of(context, subject, text))


def answers(context: Context, subject: Runnable, pairs: tuple[Pair, ...]) -> tuple[Likelihood, ...]:
    """The log-likelihoods of pairs, in the subject's own framework.

    Raises:
        EdgewrightError: why there are none.
    """
    found = likelihood(
        context,
        subject.backend,
        artifact=subject.path,
        identity=subject.identity,
        runtime=scoring_runtime(subject.backend.name) if subject.source else subject.runtime,
        pairs=pairs,
        log=context.logs / f"{subject.backend.name}.log",
    )
    if isinstance(found, Failure):
        raise error_of(found)
    return found


def _result(
    context: Context,
    subject: Runnable,
    against: Runnable | None,
    tasks: TaskSet,
    encode: Callable[[str], list[int]],
    min_accuracy: float,
) -> TaskResult:
    pairs = _pairs(tasks, encode)
    base = _asked(context, against, tasks, pairs) if against else None
    scores = _asked(context, subject, tasks, pairs)
    kept = retention(scores, base) if base else None
    return TaskResult(
        task=tasks.name,
        sha256=tasks.sha256,
        chance=tasks.chance,
        accuracy=accuracy([score.correct for score in scores]),
        accuracy_normalized=accuracy([score.correct_normalized for score in scores]),
        by_category=by_category(scores),
        items=scores,
        baseline_accuracy=accuracy([score.correct for score in base]) if base else None,
        retained=kept,
        verdict=verdict(kept, base, chance=tasks.chance, at_least=min_accuracy) if kept and base else None,
    )


def _pairs(tasks: TaskSet, encode: Callable[[str], list[int]]) -> tuple[Pair, ...]:
    pairs = []
    for item in tasks.items:
        try:
            pairs += [encode_pair(encode, item.context, text) for text in item.continuations]
        except ValueError as error:
            raise InputError(f"{tasks.name}, item {item.id}: {error}.") from error
    return tuple(pairs)


def _asked(
    context: Context, subject: Runnable, tasks: TaskSet, pairs: tuple[Pair, ...]
) -> tuple[ItemScore, ...]:
    context.reporter.phase(f"{subject.name}: {len(tasks.items)} items of {tasks.name}")
    return item_scores(tasks, answers(context, subject, pairs))
