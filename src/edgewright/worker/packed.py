"""Log-probabilities in 16 bits: what a reference is kept in, so that no vocabulary is too large for it.

Each row is coded as the square root of its distance below the row's maximum, in 65,536 steps. Steps are finest where
probability is: at a distance of d nat in a row that spans D they are about 2 sqrt(d D) / 65535 wide, so 1e-5 near the
top and 6e-4 at 10 nat in a row of 35. A row read back is normalized again. What this costs is measured on every row
that is written (`Writer.loss`), never assumed.

A file is a ``.npy`` of uint16, shape [positions, vocabulary + 4]: the last four hold the row's maximum and its span as
float32. It is mapped, never read whole: 262,144 tokens at 4,096 positions are 2.1 GB of disk and some MB of memory.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewright.core.measurement.records import StorageLoss

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 65535.0
_SIDE = 4


def pack(logp: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Code rows of log-probabilities, shape [rows, vocabulary]; -inf and anything 1e4 nat down is kept as the least."""
    top = logp.max(axis=1, keepdims=True)
    depth = np.minimum(top - logp, np.float32(1e4))
    span = np.maximum(depth.max(axis=1, keepdims=True), np.float32(1e-30))
    codes = np.empty((len(logp), logp.shape[1] + _SIDE), dtype=np.uint16)
    codes[:, :-_SIDE] = np.rint(np.sqrt(depth / span) * np.float32(_STEPS))
    codes[:, -_SIDE:] = np.ascontiguousarray(np.hstack([top, span]), dtype=np.float32).view(np.uint16)
    return codes


def unpack(codes: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Rows back as float64 log-probabilities that sum to one; the order of tokens within a row is kept."""
    side = np.ascontiguousarray(codes[:, -_SIDE:]).view(np.float32).astype(np.float64)
    top, span = side[:, :1], side[:, 1:]
    return normalized(top - np.square(codes[:, :-_SIDE] / _STEPS) * span)


def normalized(logp: NDArray[Any]) -> NDArray[np.float64]:
    """Log-probabilities in float64 that sum to 1 exactly: in float32 they do so to 1e-7 only, and KL shows it."""
    exact = logp.astype(np.float64)
    result: NDArray[np.float64] = exact - np.log(np.exp(exact).sum(axis=1, keepdims=True))
    return result


def open_packed(path: Path) -> NDArray[np.uint16]:
    """A packed reference, mapped."""
    rows: NDArray[np.uint16] = np.load(path, mmap_mode="r")
    return rows


class Writer:
    """Writes a packed reference row by row, and measures what packing loses."""

    def __init__(self, path: Path, rows: int) -> None:
        self._path = path
        self._rows = rows
        self._sink: np.memmap[Any, np.dtype[np.uint16]] | None = None
        self._sum = self._worst = 0.0
        self._done = 0

    def add(self, logp: NDArray[np.float32]) -> None:
        """Append rows."""
        codes = pack(logp)
        if self._sink is None:
            shape = (self._rows, codes.shape[1])
            self._sink = np.lib.format.open_memmap(self._path, mode="w+", dtype=np.uint16, shape=shape)
            _claim_space(self._path)
        self._sink[self._done : self._done + len(codes)] = codes
        exact = normalized(logp)
        loss = (np.exp(exact) * (exact - unpack(codes))).sum(axis=1)
        self._sum += float(loss.sum())
        self._worst = max(self._worst, float(loss.max()))
        self._done += len(codes)

    def loss(self) -> StorageLoss:
        """What packing changed, over all rows; ends the writing."""
        if self._sink is not None:
            self._sink.flush()
        return StorageLoss(kl_mean=self._sum / max(self._done, 1), kl_max=self._worst)


def _claim_space(path: Path) -> None:
    """A mapped file is sparse: without its space, a full disk would kill the process in the middle of a write."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)
