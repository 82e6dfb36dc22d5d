"""``evaluate``: teacher-forced accuracy of one model or build on a text, against a baseline where one is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.api.quiet import Quiet
from edgewright.api.runnable import Runnable, runnable, source_of_build
from edgewright.config import evaluation_text
from edgewright.core.accuracy import accuracy_values, joined
from edgewright.core.answers import Failure
from edgewright.core.jobs import ScoreJob
from edgewright.core.measurement import Placement, Scores
from edgewright.core.policy import Gate
from edgewright.core.quantity import Value
from edgewright.core.recipe import scoring_runtime
from edgewright.core.statistics.looks import TEXT_LOOKS
from edgewright.core.verdict import Outcome, Verdict, judge
from edgewright.errors import InputError
from edgewright.pipeline.request import Request, score_limit
from edgewright.ports import Reporter, Workshop
from edgewright.runtime.gguf_facts import begin_ids, is_gguf
from edgewright.runtime.models import Trust
from edgewright.stages.cross_validate import tokenize
from edgewright.stages.prepare import error_of
from edgewright.stages.score import score
from edgewright.wiring import Wiring

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
    notes: tuple[str, ...] = ()


def evaluate(
    model: str,
    *,
    eval_data: str | Path | None = None,
    context: int = 512,
    tokens: int | None = None,
    baseline: str | None = None,
    min_accuracy: float = 0.95,
    runtime: str = "",
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    reporter: Reporter | None = None,
) -> Evaluation:
    """Score the beginning of a text in non-overlapping windows of ``context``.

    Every position but the first of each window is scored. The text is tokenized by the baseline's tokenizer where there is one,
    else by the model's own; windows begin with its begin-of-text where it adds one, and no other special token is added. Without ``tokens``, 2,048 are scored; against a
    baseline the verdict is then looked at after 2,048, 4,096 and 8,192, and the first look that decides is the last. A build
    that needs longer for a look than 10 s and one and a half times its baseline (than a minute where there is none) scores its
    beginning, and ``notes`` say so; with ``tokens`` it scores them all.

    Raises:
        EdgewrightError: the model, its runtime or the text cannot be had.
    """
    text = evaluation_text(eval_data)
    wiring = Wiring(offline)
    shop = wiring.workshop(reporter or Quiet(), wiring.home.root / "logs" / "evaluate")
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    subject = runnable(wiring, shop, model, runtime=runtime, trust=trust)
    against = runnable(wiring, shop, baseline, trust=trust) if baseline else None
    ids = ids_of(wiring, shop, against or subject, text.content)[: tokens or TEXT_LOOKS[-1]]
    if len(ids) < 2:
        raise InputError(
            f"The text {text.name} has {len(ids)} tokens, too few to score.", hint="Give a longer text."
        )
    begin = begin_of(wiring, against or subject)
    gate = Gate(metric="accuracy_retained", at_least=min_accuracy)
    parts: list[Scores] = []
    verdict: Verdict | None = None
    asked = 0
    for segment in segments(ids, (tokens,) if tokens else TEXT_LOOKS if against else TEXT_LOOKS[:1]):
        original, reference = (
            scored(shop, against, segment, context, prefix=begin, keep=True) if against else (None, None)
        )
        limit_s = None if tokens or subject.source else _limit_s(original)
        parts.append(
            scored(shop, subject, segment, context, prefix=begin, reference=reference, limit_s=limit_s)[0]
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
        context=context,
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
    return score_limit(Request.score_limit_s, original.seconds)


def _notes(parts: Sequence[Scores], asked: int) -> tuple[str, ...]:
    done = sum(part.tokens for part in parts)
    if asked - done < 2 * len(parts):  # a rest of one token has nothing to score
        return ()
    return (
        f"scored on the first {done} of {asked} tokens: this runtime is slow here; --tokens scores as many as it names",
    )


def segments(ids: tuple[int, ...], looks: Sequence[int]) -> list[tuple[int, ...]]:
    """What each look adds to the ones before; a text that ends early has fewer, and at least two ids each."""
    starts = (0, *looks[:-1])
    found = [ids[start:end] for start, end in zip(starts, looks, strict=True)]
    return [segment for segment in found if len(segment) > 1]


def ids_of(wiring: Wiring, shop: Workshop, subject: Runnable, text: str) -> tuple[int, ...]:
    """A text's ids by the tokenizer of what is run."""
    place = source_of_build(wiring, Path(subject.path))
    if place:
        return tuple(wiring.files.tokenizer(place).encode(text))
    answer = tokenize(shop, subject.backend, subject.path, (text,), shop.logs / "tokenize.log")
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer[0]


def begin_of(wiring: Wiring, subject: Runnable) -> tuple[int, ...]:
    """The ids that the tokenizer's own rules put before a text; a model is scored with them in every runtime alike."""
    path = Path(subject.path)
    if place := source_of_build(wiring, path):
        return wiring.files.tokenizer(place).begin_ids()
    file = path if path.is_file() else next(iter(sorted(path.glob("*.gguf"))), None)
    return begin_ids(file) if file and is_gguf(file) else ()


def scored(
    shop: Workshop,
    subject: Runnable,
    ids: tuple[int, ...],
    context: int,
    *,
    prefix: tuple[int, ...] = (),
    reference: Path | None = None,
    keep: bool = False,
    limit_s: float | None = None,
) -> tuple[Scores, Path]:
    """The scores of what is run, and the directory that holds them (with its log-probabilities, if asked to ``keep`` them)."""
    shop.reporter.phase(f"scoring {subject.name}")
    answer = score(
        shop,
        subject.backend,
        ScoreJob(
            worker=subject.backend.worker,
            artifact=subject.path,
            runtime=scoring_runtime(subject.backend.name) if subject.source else subject.runtime,
            ids=ids,
            context=context,
            prefix=prefix,
            limit_s=limit_s,
        ),
        identity=subject.identity,
        log=shop.logs / f"{subject.backend.name}.log",
        reference=reference,
        keep_reference=keep,
    )
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer
