"""``evaluate``: teacher-forced accuracy of one model or build on a text, against a baseline where one is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.app.intake.runnable import runnable
from edgewright.app.measure.limits import SCORE_LIMIT_S, score_limit
from edgewright.app.measure.text_scores import begin_of, ids_of, scored, segments
from edgewright.app.options import ModelOptions
from edgewright.core.decision.policy import Gate
from edgewright.core.decision.verdict import Outcome, Verdict, judge
from edgewright.core.measurement.accuracy import accuracy_values, joined
from edgewright.core.measurement.quantity import Value
from edgewright.core.measurement.records import Placement, Scores
from edgewright.core.statistics.looks import TEXT_LOOKS
from edgewright.errors import InputError
from edgewright.inputs.config import evaluation_text
from edgewright.ports import Context
from edgewright.reasons import Reason, because

_ALONE_LIMIT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was scored, and how it did; ``values`` are keyed by metric name.

    With a baseline, ``verdict`` holds what is retained of its accuracy against the bound that was asked for; ``looks``
    counts how often the data had to be looked at for it. ``notes`` say what a reader should know, such as that a slow runtime
    scored less than was asked for.
    """

    model: str
    runtime: str
    baseline: str | None
    data: str
    tokens: int
    context: int
    values: dict[str, Value]
    placement: Placement
    verdict: Verdict | None = None
    looks: int = 1
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TextOptions(ModelOptions):
    """``eval_data`` is the file of a text (default: Python's own reference), scored in windows of ``context`` tokens.

    Without ``tokens``, 2,048 are scored; against a ``baseline`` the verdict on ``min_accuracy`` (a share of the baseline's
    accuracy) is looked at after 2,048, 4,096 and 8,192, and the first look that decides is the last.
    ``framework`` runs a build that another tool made.
    """

    eval_data: str | Path | None = None
    context: int = 512
    tokens: int | None = None
    baseline: str | None = None
    min_accuracy: float = 0.95
    framework: str = ""


def evaluate(context: Context, model: str, options: TextOptions) -> Evaluation:
    """Score the beginning of a text in non-overlapping windows.

    Every position but the first of each window is scored. The text is tokenized by the baseline's tokenizer where there
    is one, else by the model's own; windows begin with its begin-of-text where it adds one, and no other special token is
    added. A build that needs longer for a look than 10 s and one and a half times its baseline (than a minute where there
    is none) scores its beginning, and ``notes`` say so; with ``tokens`` it scores them all.

    Raises:
        EdgewrightError: the model, its runtime or the text cannot be had.
    """
    text = evaluation_text(options.eval_data)
    tokens, window, trust = options.tokens, options.context, options.trust
    subject = runnable(context, model, framework=options.framework, trust=trust)
    against = runnable(context, options.baseline, trust=trust) if options.baseline else None
    ids = ids_of(context, against or subject, text.content)[: tokens or TEXT_LOOKS[-1]]
    if len(ids) < 2:
        raise InputError(
            f"The text {text.name} has {len(ids)} tokens; this is too few to score.",
            hint="Give a longer text.",
        )
    begin = begin_of(context, against or subject)
    gate = Gate(metric="accuracy_retained", at_least=options.min_accuracy)
    parts: list[Scores] = []
    verdict: Verdict | None = None
    asked = 0
    for segment in segments(ids, (tokens,) if tokens else TEXT_LOOKS if against else TEXT_LOOKS[:1]):
        original, reference = (
            scored(context, against, segment, window, prefix=begin, keep=True) if against else (None, None)
        )
        limit_s = None if tokens or subject.source else _limit_s(original)
        parts.append(
            scored(context, subject, segment, window, prefix=begin, reference=reference, limit_s=limit_s)[0]
        )
        asked += original.tokens if original else len(segment)
        values = accuracy_values(joined(parts))
        verdict = judge(gate, values["accuracy_retained"]) if against else None
        if verdict is None or verdict.outcome is not Outcome.INCONCLUSIVE:
            break
    return Evaluation(
        model=subject.name,
        runtime=subject.backend.name,
        baseline=against.name if against else None,
        data=text.name,
        tokens=sum(part.tokens for part in parts),
        context=window,
        values=values,
        placement=parts[0].placement,
        verdict=verdict,
        looks=len(parts),
        notes=_notes(parts, asked),
    )


def _limit_s(original: Scores | None) -> float:
    """How long a build may take to score a look; the limit of a run, where a baseline says what is usual here."""
    if original is None:
        return _ALONE_LIMIT_S
    return score_limit(SCORE_LIMIT_S, original.seconds)


def _notes(parts: Sequence[Scores], asked: int) -> tuple[Reason, ...]:
    done = sum(part.tokens for part in parts)
    if asked - done < 2 * len(parts):  # a rest of one token has nothing to score
        return ()
    return (because("fewer_tokens", done=done, asked=asked),)
