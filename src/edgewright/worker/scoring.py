"""Teacher-forced scoring from raw logits: the same code for every runtime.

All logits become float32 log-probabilities by a stable log-softmax; sums are taken in float64. KL divergence is
KL(reference || candidate) in nat per token over the full vocabulary. Every position's figures are kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgewright.core.jobs.results import Progress
from edgewright.core.measurement.records import Against, Prompts, Scores
from edgewright.errors import InputError
from edgewright.worker.packed import Writer, normalized, open_packed, unpack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgewright.ports import Session, Tell

_PROBE = 64
"""Tokens whose scoring time is extrapolated where the time is limited."""

_ROWS = 64
"""Rows are compared in slices of this many, so that memory stays small for any vocabulary."""


def windows(tokens: int, context: int) -> list[tuple[int, int]]:
    """Non-overlapping windows of ``context`` tokens; a last one of fewer than 2 tokens has nothing to score."""
    starts = range(0, tokens, context)
    return [
        (start, min(start + context, tokens)) for start in starts if min(start + context, tokens) - start > 1
    ]


def named_windows(tokens: int, lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Windows of given lengths, one after the other; what the text is too short for is left out."""
    spans, start = [], 0
    for length in lengths:
        end = min(start + length, tokens)
        if end - start > 1:
            spans.append((start, end))
        start = end
    return spans


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Float32 log-probabilities of logits, shape [rows, vocabulary]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True, dtype=np.float64)
    result: NDArray[np.float32] = (shifted - np.log(total).astype(np.float32)).astype(np.float32, copy=False)
    return result


def log_probabilities(session: Session, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
    """A session's log-probabilities after every position of ``ids``, in slices of few rows.

    Raises:
        ArithmeticError: the model answered with numbers that are not finite.
    """
    for piece in session.score(ids):
        for low in range(0, len(piece), _ROWS):
            logits = np.asarray(piece[low : low + _ROWS], dtype=np.float32)
            if not np.isfinite(logits).all():
                raise ArithmeticError("the model returned values that are not finite (NaN or infinity)")
            yield log_softmax(logits)


def score(
    session: Session,
    ids: Sequence[int],
    context: int,
    tell: Tell,
    *,
    prefix: Sequence[int] = (),
    lengths: Sequence[int] = (),
    reference: Path | None = None,
    write_reference: Path | None = None,
    limit_s: float | None = None,
    prompt: Sequence[int] = (),
    answer: int = 0,
    prompts: Prompts | None = None,
) -> Scores:
    """Score ``ids`` window by window; with ``limit_s``, only as much of the text's beginning as fits in that time.

    Each window begins with ``prefix``, whose own positions are not scored; ``lengths`` names the windows one by one.
    ``prompt`` is also continued greedily by ``answer`` ids, unless the text did not fit in the time.
    ``prompts`` are answered too, and the lengths of the answers kept.

    Raises:
        InputError: fewer than two tokens, or a reference of another shape.
        ArithmeticError: the model answered with numbers that are not finite.
    """
    spans = named_windows(len(ids), lengths) if lengths else windows(len(ids), context)
    if not spans:
        raise InputError(f"{len(ids)} tokens are too few to score.", hint="Give at least two.")
    rows = sum(end - start - 1 for start, end in spans)
    base = open_packed(reference) if reference else None
    if base is not None and base.shape[0] != rows:
        raise InputError(f"The reference has {base.shape[0]} positions, the text {rows}.")
    planned = spans
    spans = _affordable(session, ids, planned, limit_s)
    sink = Writer(write_reference, rows) if write_reference else None
    collected = _Collected(base, sink)
    began = time.monotonic()
    for index, (start, end) in enumerate(spans):
        tell(Progress(message=f"scoring window {index + 1} of {len(spans)}", fraction=index / len(spans)))
        pieces = log_probabilities(session, [*prefix, *ids[start:end]])
        collected.window(_after(pieces, len(prefix)), np.asarray(ids[start + 1 : end]))
    seconds = time.monotonic() - began
    return Scores(
        tokens=spans[-1][1],
        windows=tuple(collected.windows),
        nll=tuple(collected.nll),
        correct=tuple(collected.correct),
        against=collected.against() if base is not None else None,
        storage=sink.loss() if sink else None,
        generated=tuple(session.generate(prompt, answer)) if answer and spans == planned else (),
        lengths=tuple(_length(session, one, prompts) for one in prompts.ids) if prompts else (),
        seconds=seconds,
        placement=session.placement,
    )


def _after(pieces: Iterable[NDArray[np.float32]], rows: int) -> Iterator[NDArray[np.float32]]:
    """What comes after the first rows."""
    for piece in pieces:
        skipped = min(rows, len(piece))
        rows -= skipped
        if skipped < len(piece):
            yield piece[skipped:]


def _length(session: Session, ids: Sequence[int], prompts: Prompts) -> int:
    """Ids of the greedy answer, the one that ends it included."""
    length = 0
    for token in session.generate(ids, prompts.most):
        length += 1
        if token in prompts.stop:
            break
    return length


def _affordable(
    session: Session, ids: Sequence[int], spans: list[tuple[int, int]], limit_s: float | None
) -> list[tuple[int, int]]:
    """The windows that a runtime can score in ``limit_s``, by the time that its first tokens take.

    Some prepare themselves while they compute for the first time: one that seems slow is timed once more. A slow one gets
    the beginning of the first window: the same positions with the same context before them as in the
    reference, only fewer.
    """
    if limit_s is None:
        return spans
    start, end = spans[0]
    probe = ids[start : start + min(_PROBE, end - start)]
    tokens = int(limit_s * _rate(session, probe))
    if tokens < spans[-1][1]:
        tokens = max(tokens, int(limit_s * _rate(session, probe)))
    if tokens < end - start:
        return [(start, start + max(tokens, len(probe)))]
    return [span for span in spans if span[1] <= tokens] or spans[:1]


def _rate(session: Session, ids: Sequence[int]) -> float:
    """Tokens a second."""
    began = time.monotonic()
    for _ in session.score(ids):
        pass
    return len(ids) / max(time.monotonic() - began, 1e-6)


class _Collected:
    """Per-position results of one scoring, beside a packed reference and into a new one where there are such."""

    def __init__(self, base: NDArray[np.uint16] | None, sink: Writer | None) -> None:
        self._base = base
        self._sink = sink
        self.windows: list[int] = []
        self.nll: list[float] = []
        self.correct: list[bool] = []
        self._kl: list[float] = []
        self._agree: list[bool] = []
        self._base_nll: list[float] = []
        self._base_correct: list[bool] = []

    def window(self, pieces: Iterable[NDArray[np.float32]], labels: NDArray[np.int64]) -> None:
        """Add one window: log-probabilities after each of its tokens, and the token that came next."""
        done = 0
        for logp in pieces:
            kept = logp[: len(labels) - done]  # what follows the last token is not known
            if not len(kept):
                break
            if self._sink is not None:
                self._sink.add(kept)
            row = len(self.nll)
            beside = None if self._base is None else unpack(self._base[row : row + len(kept)])
            self._add(kept, labels[done : done + len(kept)], beside)
            done += len(kept)
        self.windows.append(len(labels))

    def _add(
        self, logp: NDArray[np.float32], labels: NDArray[np.int64], base: NDArray[np.float64] | None
    ) -> None:
        picked = np.arange(len(labels))
        best = logp.argmax(axis=1)
        self.nll += (-logp[picked, labels]).astype(float).tolist()
        self.correct += (best == labels).tolist()
        if base is None:
            return
        if base.shape[1] != logp.shape[1]:
            # Some runtimes pad the vocabulary; the tokens that exist are the ones both have.
            width = min(base.shape[1], logp.shape[1])
            base, logp = normalized(base[:, :width]), logp[:, :width]
        mine = normalized(logp)
        self._kl += (np.exp(base) * (base - mine)).sum(axis=1).tolist()
        base_best = base.argmax(axis=1)
        self._agree += (base_best == best).tolist()
        self._base_nll += (-base[picked, labels]).tolist()
        self._base_correct += (base_best == labels).tolist()

    def against(self) -> Against:
        return Against(
            kl=tuple(self._kl),
            agree=tuple(self._agree),
            nll=tuple(self._base_nll),
            correct=tuple(self._base_correct),
        )
