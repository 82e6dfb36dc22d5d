"""Teacher-forced scoring from raw logits: the same code for every runtime.

All logits become float32 log-probabilities by a stable log-softmax; sums are taken in float64. KL divergence is
KL(reference || candidate) in nat per token over the full vocabulary.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewright.core.measurement import Scores
from edgewright.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgewright.ports import Session, Tell

from edgewright.core.jobs import Progress

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


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Float32 log-probabilities of logits, shape [rows, vocabulary]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True, dtype=np.float64)
    result: NDArray[np.float32] = (shifted - np.log(total).astype(np.float32)).astype(np.float32, copy=False)
    return result


def score(
    session: Session,
    ids: Sequence[int],
    context: int,
    tell: Tell,
    *,
    reference: Path | None = None,
    write_reference: Path | None = None,
    limit_s: float | None = None,
) -> Scores:
    """Score ``ids`` window by window; with ``limit_s``, only as much of the text's beginning as fits in that time.

    Raises:
        InputError: fewer than two tokens, or a reference of another shape.
        ArithmeticError: the model answered with numbers that are not finite.
    """
    spans = windows(len(ids), context)
    if not spans:
        raise InputError(f"{len(ids)} tokens are too few to score.", hint="Give at least two.")
    rows = sum(end - start - 1 for start, end in spans)
    collected = _Collected()
    base = np.load(reference, mmap_mode="r") if reference else None
    if base is not None and base.shape[0] != rows:
        raise InputError(f"The reference has {base.shape[0]} positions, the text {rows}.")
    spans = _affordable(session, ids, spans, limit_s)
    began = time.monotonic()
    sink: np.memmap[Any, np.dtype[np.float32]] | None = None
    row = 0
    for index, (start, end) in enumerate(spans):
        tell(Progress(message=f"scoring window {index + 1} of {len(spans)}", fraction=index / len(spans)))
        logits = session.score(ids[start:end])
        if not np.isfinite(logits).all():
            raise ArithmeticError("the model answered with numbers that are not finite (NaN or infinity)")
        if write_reference and sink is None:
            shape = (rows, logits.shape[1])
            sink = np.lib.format.open_memmap(write_reference, mode="w+", dtype=np.float32, shape=shape)
            _claim_space(write_reference)
        labels = np.asarray(ids[start + 1 : end])
        for low, logp in _slices(logits[:-1]):
            high = low + len(logp)
            if sink is not None:
                sink[row + low : row + high] = logp
            collected.add(logp, labels[low:high], None if base is None else base[row + low : row + high])
        collected.end_window(end - start - 1)
        row += end - start - 1
    if sink is not None:
        sink.flush()
    return collected.scores(spans[-1][1], len(spans), time.monotonic() - began, session)


def _claim_space(path: Path) -> None:
    """A mapped file is sparse: without its space, a full disk would kill the process in the middle of a write."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)


def _affordable(
    session: Session, ids: Sequence[int], spans: list[tuple[int, int]], limit_s: float | None
) -> list[tuple[int, int]]:
    """The windows that a runtime can score in ``limit_s``, by the time that its first tokens take.

    A slow one gets the beginning of the first window: the same positions with the same context before them as in the
    reference, only fewer.
    """
    if limit_s is None:
        return spans
    start, end = spans[0]
    probe = min(_PROBE, end - start)
    began = time.monotonic()
    session.score(ids[start : start + probe])
    tokens = int(limit_s * probe / max(time.monotonic() - began, 1e-6))
    if tokens < end - start:
        return [(start, start + max(tokens, probe))]
    return [span for span in spans if span[1] <= tokens] or spans[:1]


def _normalized(logp: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-probabilities in float64 that sum to 1 exactly: in float32 they do so to 1e-7 only, and KL shows it."""
    exact = logp.astype(np.float64)
    result: NDArray[np.float64] = exact - np.log(np.exp(exact).sum(axis=1, keepdims=True))
    return result


def _slices(logits: NDArray[np.float32]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    for low in range(0, len(logits), _ROWS):
        yield low, log_softmax(np.asarray(logits[low : low + _ROWS], dtype=np.float32))


class _Collected:
    """Per-position results of one scoring."""

    def __init__(self) -> None:
        self.nll: list[float] = []
        self.correct: list[bool] = []
        self.kl: list[float] = []
        self.agree: list[bool] = []
        self.base_nll: list[float] = []
        self.base_correct: list[bool] = []
        self.window_nll: list[float] = []

    def add(
        self, logp: NDArray[np.float32], labels: NDArray[np.int64], base: NDArray[np.float32] | None
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
            base, logp = base[:, :width], logp[:, :width]
        right, mine = _normalized(base), _normalized(logp)
        self.kl += (np.exp(right) * (right - mine)).sum(axis=1).tolist()
        base_best = base.argmax(axis=1)
        self.agree += (base_best == best).tolist()
        self.base_nll += (-base[picked, labels]).astype(float).tolist()
        self.base_correct += (base_best == labels).tolist()

    def end_window(self, rows: int) -> None:
        self.window_nll.append(float(np.mean(self.nll[-rows:])))

    def scores(self, tokens: int, spans: int, seconds: float, session: Session) -> Scores:
        with_base = bool(self.kl)
        return Scores(
            tokens=tokens,
            windows=spans,
            nll=float(np.mean(self.nll)),
            correct=tuple(self.correct),
            window_nll=tuple(self.window_nll),
            kl_mean=float(np.mean(self.kl)) if with_base else None,
            kl_median=float(np.median(self.kl)) if with_base else None,
            kl_p99=float(np.quantile(self.kl, 0.99)) if with_base else None,
            top1_agreement=float(np.mean(self.agree)) if with_base else None,
            reference_correct=tuple(self.base_correct) if with_base else None,
            reference_nll=float(np.mean(self.base_nll)) if with_base else None,
            seconds=seconds,
            placement=session.placement,
        )
