"""Structured pruning of a source: what is taken out, how much, and which parts go first. Names and rules; no weights."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.recipe.recipes import Option

_SPELLED = re.compile(r"(?P<part>blocks|neurons):(?P<ratio>0?\.\d+)(?P<recovered>\+recover)?")
_MULTIPLES = (256, 128, 64, 32)
_TOLERANCE = 0.02


class Part(StrEnum):
    """What is taken out whole: decoder blocks, or neurons of the feed-forward layers."""

    BLOCKS = "blocks"
    NEURONS = "neurons"


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """A share of a model's blocks or neurons to take out; ``recover`` distils the original into what is left."""

    part: Part
    ratio: float
    recover: bool = False

    @property
    def name(self) -> str:
        """As builds' names end: ``blocks10``, ``neurons20+recovered``."""
        return f"{self.part}{self.ratio * 100:.0f}" + ("+recovered" if self.recover else "")

    @property
    def spelled(self) -> str:
        """As `parse` reads it."""
        return f"{self.part}:{self.ratio:g}" + ("+recover" if self.recover else "")

    @property
    def options(self) -> Mapping[str, Option]:
        """As a job's options."""
        return {"part": str(self.part), "ratio": self.ratio, "recover": self.recover}


def parse(text: str) -> Pruning:
    """``blocks:0.1``, ``neurons:0.2`` or either with ``+recover``.

    Raises:
        ValueError: it is written otherwise, or the ratio is not between 0 and 0.9.
    """
    match = _SPELLED.fullmatch(text.strip())
    if match is None or not 0.0 < float(match["ratio"]) <= 0.9:
        raise ValueError(f"{text!r} is not a valid pruning")
    return Pruning(part=Part(match["part"]), ratio=float(match["ratio"]), recover=bool(match["recovered"]))


def least(scores: Sequence[float], ratio: float) -> tuple[int, ...]:
    """The indices of the blocks that go: the share of least influence, one at least, never the first or the last."""
    inner = sorted(range(1, len(scores) - 1), key=lambda index: (scores[index], index))
    count = min(max(round(ratio * len(scores)), 1), len(inner))
    return tuple(sorted(inner[:count]))


def kept_width(width: int, ratio: float) -> int:
    """How many neurons stay: about ``1 - ratio`` of them, as a multiple that quantizers' blocks divide.

    The largest multiple of 256, 128, 64 or 32 that lies within 2 % of the wish, else the nearest of 32.
    """
    wish = width * (1.0 - ratio)
    for multiple in _MULTIPLES:
        near = round(wish / multiple) * multiple
        if 0 < near < width and abs(near - wish) <= _TOLERANCE * width:
            return near
    return max(min(round(wish / 32) * 32, width - 1), 1)
