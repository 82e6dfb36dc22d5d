"""Pareto dominance under uncertainty, front, knee and hypervolume. Every objective is turned so that more is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite


@dataclass(frozen=True, kw_only=True)
class Span:
    """A figure and the interval that it lies in; a figure that is known exactly is its own interval."""

    low: float
    value: float
    high: float


UNKNOWN = Span(low=-inf, value=-inf, high=-inf)
"""What was not measured loses against every figure, and dominates nothing."""

Point = Mapping[str, Span]
"""One candidate: a span for each objective. Points that are compared have the same objectives."""


def exactly(value: float) -> Span:
    """A figure without uncertainty."""
    return Span(low=value, value=value, high=value)


def dominates(a: Point, b: Point) -> bool:
    """Whether ``a`` is nowhere worse than ``b``, and surely better somewhere: there their intervals do not overlap.

    A difference that lies within both intervals thus never takes a candidate off the front. No candidates dominate each
    other in a circle, because none of them may be worse by value.
    """
    if any(a[name].value < b[name].value for name in a):
        return False
    return any(a[name].low > b[name].high for name in a)


def front(points: Mapping[str, Point]) -> tuple[str, ...]:
    """The names of those that no other dominates, in their order."""
    return tuple(
        name
        for name, point in points.items()
        if not any(dominates(other, point) for who, other in points.items() if who != name)
    )


def scaled(points: Mapping[str, Point]) -> dict[str, dict[str, float]]:
    """Every objective from 0 (worst of these points) to 1 (best of these); 0 where it is unknown, 1 where all are equal."""
    rows: dict[str, dict[str, float]] = {name: {} for name in points}
    for objective in next(iter(points.values()), {}):
        known = [p[objective].value for p in points.values() if isfinite(p[objective].value)]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
        for name, point in points.items():
            value = point[objective].value
            share = 0.0 if not isfinite(value) else 1.0 if high == low else (value - low) / (high - low)
            rows[name][objective] = share
    return rows


def knee(points: Mapping[str, Point]) -> str | None:
    """The name of the point that lies furthest beyond the plane through the best of each objective.

    On scaled objectives that plane is where they add up to one, so the knee is where their sum is largest (Das 1999, On
    characterizing the "knee" of the Pareto curve). It gives up least of one objective for what it gains in the others.
    """
    rows = scaled(points)
    return max(rows, key=lambda name: sum(rows[name].values()), default=None)


def hypervolume(points: Sequence[Sequence[float]], reference: Sequence[float]) -> float:
    """The volume between ``reference`` and the points that beat it in every objective (more is better).

    By slices along the last objective; for some hundred points in up to four objectives.
    """
    inside = [tuple(p) for p in points if all(x > r for x, r in zip(p, reference, strict=True))]
    if not inside:
        return 0.0
    if len(reference) == 1:
        return max(point[0] for point in inside) - reference[0]
    inside.sort(key=lambda point: point[-1], reverse=True)
    floors = [*(point[-1] for point in inside[1:]), reference[-1]]
    total = 0.0
    for count, (point, floor) in enumerate(zip(inside, floors, strict=True), start=1):
        if point[-1] > floor:
            base = hypervolume([other[:-1] for other in inside[:count]], reference[:-1])
            total += (point[-1] - floor) * base
    return total
