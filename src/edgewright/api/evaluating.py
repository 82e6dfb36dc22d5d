"""``evaluate``: teacher-forced accuracy of one model or build on a text, against a baseline where one is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgewright.api.quiet import Quiet
from edgewright.api.runnable import Runnable, runnable, source_of_build
from edgewright.config import evaluation_text
from edgewright.core.jobs import Failure
from edgewright.core.measurement import Placement, Scores
from edgewright.core.quantity import Value
from edgewright.core.recipe import SCORING_RUNTIME
from edgewright.core.summary import accuracy_values
from edgewright.errors import InputError
from edgewright.ports import Reporter, Workshop
from edgewright.stages.cross_validate import tokenize
from edgewright.stages.prepare import error_of
from edgewright.stages.score import REFERENCE_FILE, score
from edgewright.wiring import Wiring


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was scored, and how it did; ``values`` are keyed by metric name."""

    model: str
    runtime: str
    baseline: str | None
    data: str
    tokens: int
    context: int
    values: dict[str, Value]
    placement: Placement


def evaluate(
    model: str,
    *,
    eval_data: str | Path | None = None,
    context: int = 512,
    tokens: int = 2048,
    baseline: str | None = None,
    runtime: str = "",
    offline: bool = False,
    reporter: Reporter | None = None,
) -> Evaluation:
    """Score the first ``tokens`` tokens of a text in non-overlapping windows of ``context``.

    Every position but the first of each window is scored. The text is tokenized without special tokens, by the
    baseline's tokenizer where there is one, else by the model's own.

    Raises:
        EdgewrightError: the model, its runtime or the text cannot be had.
    """
    text = evaluation_text(eval_data)
    wiring = Wiring(offline)
    shop = wiring.workshop(reporter or Quiet(), wiring.home.root / "logs" / "evaluate")
    subject = runnable(wiring, shop, model, runtime=runtime)
    against = runnable(wiring, shop, baseline) if baseline else None
    ids = _ids(wiring, shop, against or subject, text.content)[:tokens]
    if len(ids) < 2:
        raise InputError(
            f"The text {text.name} has {len(ids)} tokens, too few to score.", hint="Give a longer text."
        )
    reference = _score(shop, against, ids, context, keep=True)[1] if against else None
    result = _score(shop, subject, ids, context, reference=reference)
    return Evaluation(
        model=subject.name,
        runtime=subject.backend.name,
        baseline=against.name if against else None,
        data=text.name,
        tokens=len(ids),
        context=context,
        values=accuracy_values(result[0]),
        placement=result[0].placement,
    )


def _ids(wiring: Wiring, shop: Workshop, subject: Runnable, text: str) -> tuple[int, ...]:
    place = source_of_build(wiring, Path(subject.path))
    if place:
        return tuple(wiring.files.tokenizer(place).encode(text))
    answer = tokenize(shop, subject.backend, subject.path, (text,), shop.logs / "tokenize.log")
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer[0]


def _score(
    shop: Workshop,
    subject: Runnable,
    ids: tuple[int, ...],
    context: int,
    *,
    reference: Path | None = None,
    keep: bool = False,
) -> tuple[Scores, Path]:
    shop.reporter.phase(f"scoring {subject.name}")
    answer = score(
        shop,
        subject.backend,
        artifact=subject.path,
        identity=subject.identity,
        runtime=SCORING_RUNTIME if subject.source else subject.runtime,
        ids=ids,
        context=context,
        log=shop.logs / f"{subject.backend.name}.log",
        reference=reference / REFERENCE_FILE if reference else None,
        reference_identity=reference.name if reference else "",
        keep_reference=keep,
    )
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer
