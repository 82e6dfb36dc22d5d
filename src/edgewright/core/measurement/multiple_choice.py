"""Multiple choice by log-likelihood: items, what a model chose, how often it was right, and what a build keeps of that.

Law: the flags of every item are kept, so that two models are compared item by item.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgewright.core.decision.policy import Gate
from edgewright.core.decision.verdict import Outcome, Verdict, judge
from edgewright.core.measurement.likelihood import Likelihood
from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.core.statistics.retention import CHANCE_MARGIN, above_chance, retained
from edgewright.reasons import because

RETAINED = "task_accuracy_retained"
_Z = 1.959963984540054
"""The normal quantile of 97.5 %."""


@dataclass(frozen=True, kw_only=True)
class TaskItem:
    """A question with its choices; ``answer`` is the index of the right one. ``category`` may be empty."""

    id: str
    question: str
    choices: tuple[str, ...]
    answer: int
    category: str = ""

    @property
    def context(self) -> str:
        """What the model reads before each choice."""
        return f"Question: {self.question}\nAnswer:"

    @property
    def continuations(self) -> tuple[str, ...]:
        """What is scored after the context."""
        return tuple(f" {choice}" for choice in self.choices)


@dataclass(frozen=True, kw_only=True)
class TaskSet:
    """Items under a name; ``sha256`` is that of the file's bytes."""

    name: str
    sha256: str
    items: tuple[TaskItem, ...]

    @property
    def chance(self) -> float:
        """The accuracy of guessing: the mean of 1 / number of choices."""
        return sum(1 / len(item.choices) for item in self.items) / len(self.items)


@dataclass(frozen=True, kw_only=True)
class ItemScore:
    """One item: the log-likelihood of each choice, and the choice it makes the model take.

    ``chosen`` has the highest log-likelihood, ``chosen_normalized`` the highest one per character of the choice's text;
    the first of equals.
    """

    id: str
    category: str
    likelihoods: tuple[float, ...]
    chosen: int
    chosen_normalized: int
    correct: bool
    correct_normalized: bool


def item_scores(tasks: TaskSet, answers: Sequence[Likelihood]) -> tuple[ItemScore, ...]:
    """What a model chose; ``answers`` are those to all continuations of all items, in order.

    Raises:
        ValueError: there are fewer or more answers than choices.
    """
    scores, rest = [], iter(answers)
    if len(answers) != sum(len(item.choices) for item in tasks.items):
        raise ValueError(f"{len(answers)} answers do not match the choices of {tasks.name}")
    for item in tasks.items:
        totals = [next(rest).total for _ in item.choices]
        chosen = _best(totals)
        normalized = _best([t / len(choice) for t, choice in zip(totals, item.choices, strict=True)])
        scores.append(
            ItemScore(
                id=item.id,
                category=item.category,
                likelihoods=tuple(totals),
                chosen=chosen,
                chosen_normalized=normalized,
                correct=chosen == item.answer,
                correct_normalized=normalized == item.answer,
            )
        )
    return tuple(scores)


def _best(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def accuracy(flags: Sequence[bool]) -> Value:
    """The share of right answers, with Wilson's 95 % interval.

    Wilson (1927): (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
    """
    n = len(flags)
    share = sum(flags) / n
    centre, scale = share + _Z**2 / (2 * n), 1 + _Z**2 / n
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return Value(
        value=share,
        unit=METRICS["task_accuracy"].unit,
        label=Label.MEASURED,
        method=f"share of {n} items, Wilson's 95 % interval",
        n=n,
        ci_low=max(0.0, (centre - half) / scale),
        ci_high=min(1.0, (centre + half) / scale),
    )


def by_category(scores: Sequence[ItemScore]) -> Mapping[str, Value]:
    """The accuracy of each category, in the order in which they come; empty where no item has one."""
    names = dict.fromkeys(score.category for score in scores if score.category)
    return {name: accuracy([s.correct for s in scores if s.category == name]) for name in names}


def retention(scores: Sequence[ItemScore], baseline: Sequence[ItemScore]) -> Value:
    """The share of the baseline's task accuracy that is kept, from the same items in the same order."""
    return retained([s.correct for s in scores], [s.correct for s in baseline], metric=RETAINED)


def verdict(kept: Value, baseline: Sequence[ItemScore], *, chance: float, at_least: float) -> Verdict:
    """Hold what is kept against a bound; a baseline that hardly beats guessing proves nothing.

    All items are scored at once, so there is no later look: an open verdict stays open with this set.
    """
    answer = judge(Gate(metric=RETAINED, at_least=at_least), kept)
    flags = [score.correct for score in baseline]
    if above_chance(flags, chance):
        return answer
    share = sum(flags) / len(flags)
    why = because("baseline_guesses", share=share, items=len(flags), margin=CHANCE_MARGIN, chance=chance)
    return replace(answer, outcome=Outcome.INCONCLUSIVE, why=(why,), needs=None)
