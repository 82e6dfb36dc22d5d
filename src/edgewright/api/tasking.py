"""``evaluate --tasks``: multiple choice by log-likelihood, and what a build keeps of its baseline's accuracy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.api.evaluating import ids_of
from edgewright.api.quiet import Quiet
from edgewright.api.runnable import Runnable, runnable, source_of_build
from edgewright.core.answers import Failure
from edgewright.core.likelihood import Likelihood, Pair, encode_pair
from edgewright.core.quantity import Value
from edgewright.core.recipe import scoring_runtime
from edgewright.core.tasks import ItemScore, TaskSet, accuracy, by_category, item_scores, retention, verdict
from edgewright.core.verdict import Verdict
from edgewright.errors import InputError
from edgewright.ports import Reporter, Workshop
from edgewright.runtime.models import Trust
from edgewright.runtime.tokens import SourceTokenizer
from edgewright.stages.likelihood import likelihood
from edgewright.stages.prepare import error_of
from edgewright.task_files import read_tasks
from edgewright.wiring import Wiring


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


def evaluate_tasks(
    model: str,
    tasks: Sequence[str | Path],
    *,
    baseline: str | None = None,
    min_accuracy: float = 0.95,
    runtime: str = "",
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    reporter: Reporter | None = None,
) -> TaskEvaluation:
    """Ask a model or a build the items of JSONL files (or of ``edgewright``, the set that comes with it).

    Ids are made by the baseline's tokenizer where there is one, else by the model's own. A baseline that is an original is
    run in float32.

    Raises:
        EdgewrightError: a task file, the model or its runtime cannot be had.
    """
    sets = [read_tasks(said) for said in tasks]
    wiring = Wiring(offline)
    shop = wiring.workshop(reporter or Quiet(), wiring.home.root / "logs" / "evaluate")
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    subject = runnable(wiring, shop, model, runtime=runtime, trust=trust)
    against = runnable(wiring, shop, baseline, trust=trust) if baseline else None
    encode = encoder(wiring, shop, against or subject)
    return TaskEvaluation(
        model=subject.name,
        runtime=subject.backend.name,
        baseline=against.name if against else None,
        results=tuple(_result(shop, subject, against, tasks, encode, min_accuracy) for tasks in sets),
    )


def encoder(wiring: Wiring, shop: Workshop, subject: Runnable) -> Callable[[str], list[int]]:
    """Text to ids as the harness makes them: with what the model expects around a plain text, such as BOS.

    Files of other tools, whose source is not here, are asked for ids of their own tokenizer, without special tokens.
    """
    place = source_of_build(wiring, Path(subject.path))
    if place:
        tokenizer = SourceTokenizer(place)
        return lambda text: tokenizer.encode(text, special=True)
    return lambda text: list(ids_of(wiring, shop, subject, text))


def answers(shop: Workshop, subject: Runnable, pairs: tuple[Pair, ...]) -> tuple[Likelihood, ...]:
    """The log-likelihoods of pairs, in the subject's own framework.

    Raises:
        EdgewrightError: why there are none.
    """
    found = likelihood(
        shop,
        subject.backend,
        artifact=subject.path,
        identity=subject.identity,
        runtime=scoring_runtime(subject.backend.name) if subject.source else subject.runtime,
        pairs=pairs,
        log=shop.logs / f"{subject.backend.name}.log",
    )
    if isinstance(found, Failure):
        raise error_of(found)
    return found


def _result(
    shop: Workshop,
    subject: Runnable,
    against: Runnable | None,
    tasks: TaskSet,
    encode: Callable[[str], list[int]],
    min_accuracy: float,
) -> TaskResult:
    pairs = _pairs(tasks, encode)
    base = _asked(shop, against, tasks, pairs) if against else None
    scores = _asked(shop, subject, tasks, pairs)
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
    shop: Workshop, subject: Runnable, tasks: TaskSet, pairs: tuple[Pair, ...]
) -> tuple[ItemScore, ...]:
    shop.reporter.phase(f"{subject.name}: {len(tasks.items)} items of {tasks.name}")
    return item_scores(tasks, answers(shop, subject, pairs))
