"""The parts of an evaluation text: explored, held out, calibration. No window of one stands in another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.keys import digest
from edgewright.core.measurement.records import Workload
from edgewright.core.measurement.text import Text

Ids = tuple[int, ...]

_CALIBRATION_TOKENS = 65_536


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Token ids of the parts. ``held_out`` is in segments, one a look; ``repeated`` windows were left out of it."""

    explored: Ids
    held_out: tuple[Ids, ...]
    calibration: Ids
    repeated: int = 0

    def digests(self) -> dict[str, str]:
        """One digest a part, empty parts left out."""
        whole = {
            "explored": self.explored,
            "held_out": tuple(i for segment in self.held_out for i in segment),
            "calibration": self.calibration,
        }
        return {name: digest(list(ids)) for name, ids in whole.items() if ids}


class PartKind(StrEnum):
    """What a part of a task's data is for."""

    EXPLORED = "explored"
    GLANCE = "glance"
    SMOKE = "smoke"
    VALIDATION = "validation"
    HELD_OUT = "held-out"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a task's data; held-out ones are ``number``-ed, one a look."""

    kind: PartKind
    number: int = 0


EXPLORED = Part(kind=PartKind.EXPLORED)
GLANCE = Part(kind=PartKind.GLANCE)
SMOKE = Part(kind=PartKind.SMOKE)
VALIDATION = Part(kind=PartKind.VALIDATION)


@dataclass(frozen=True, kw_only=True)
class ExamRequest:
    """What a run asks of a task's data: examples to explore, to hold out (``looks``, cumulative) and to calibrate on."""

    text: Text
    explored: int
    window: int
    looks: tuple[int, ...]
    calibration: int
    workload: Workload


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What quantizers may look at: ids for those that run the model, their text for tools that tokenize it themselves.

    ``begin`` are the ids that the tokenizer's own rules put before a text.
    """

    ids: Ids
    text: str
    begin: Ids = ()

    def windows(self, tokens: int, most: int) -> list[Ids]:
        """At most ``most`` windows of ``tokens`` ids, what begins each included, spread over the whole."""
        tokens -= len(self.begin)
        starts = range(0, max(len(self.ids) - tokens + 1, 1), tokens)
        step = max(len(starts) // most, 1)
        return [self.begin + self.ids[start : start + tokens] for start in starts[::step]][:most]


def split(ids: Sequence[int], *, context: int, explored: int, looks: Sequence[int]) -> Parts:
    """Explore the first ``explored`` ids (half of a short text), hold out what follows, calibrate on the end of the rest.

    The end of a long text is the same however much is held out, so what was calibrated for one run serves another.

    ``looks`` are the held-out ids seen after each look, cumulative; a segment that the text cannot fill is shorter or
    missing. Windows of ``context`` ids that stand in the explored part too are left out of the others, by digest.
    """
    first = tuple(ids[: min(explored, max(len(ids) // 2, context))])
    seen = {_mark(window) for window in _windows(first, context)}
    fresh: list[Ids] = []
    repeated = 0
    for window in _windows(ids[len(first) :], context):
        if _mark(window) in seen:
            repeated += 1
        else:
            seen.add(_mark(window))
            fresh.append(window)
    rest: list[int] = [i for window in fresh for i in window]
    segments = []
    start = 0
    for end in looks:
        segment = tuple(rest[start:end])
        if len(segment) >= min(context, 64):
            segments.append(segment)
        start = end
    used = looks[-1] if looks else 0
    return Parts(
        explored=first,
        held_out=tuple(segments),
        calibration=tuple(rest[used:][-_CALIBRATION_TOKENS:]),
        repeated=repeated,
    )


def _windows(ids: Sequence[int], context: int) -> list[Ids]:
    return [tuple(ids[start : start + context]) for start in range(0, len(ids), context)]


def _mark(window: Ids) -> bytes:
    return hashlib.sha256(repr(window).encode()).digest()
