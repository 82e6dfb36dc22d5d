"""The order of builds: their figures as spans, the policy's preferences, and which of them no gate fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from edgewright.core.decision.pareto import UNKNOWN, Point, Span, front, scaled
from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.decision.verdict import Outcome, Verdict, overall
from edgewright.core.measurement.quantity import METRICS, Kind, Label, Value

Values = Mapping[str, Value]

_ALIKE = 0.02
"""A share by which two figures may differ before an order of objectives tells them apart."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """What choosing needs to know of a trial; ``confirmed`` on new blocks and held-out text."""

    id: str
    values: Values
    verdicts: tuple[Verdict, ...]
    confirmed: bool = True


def span(values: Values, metric: str) -> Span:
    """A metric's figure and interval, turned so that more is better. An estimate is no figure to choose by."""
    value = values.get(metric)
    if value is None or value.value is None or value.label is Label.ESTIMATED:
        return UNKNOWN
    low = value.value if value.ci_low is None else min(value.ci_low, value.value)
    high = value.value if value.ci_high is None else max(value.ci_high, value.value)
    if METRICS[metric].higher_is_better:
        return Span(low=low, value=value.value, high=high)
    return Span(low=-high, value=-value.value, high=-low)


def points_of(contenders: Sequence[Contender], policy: Policy) -> dict[str, Point]:
    """Each contender's place among the policy's objectives."""
    return {c.id: {name: span(c.values, policy.axes[name]) for name in policy.objectives} for c in contenders}


def ranked(contenders: Sequence[Contender], policy: Policy) -> list[tuple[str, float]]:
    """Ids with their scores, best first: by the policy's order of objectives, and by weights where it leaves a tie.

    A score is the weighted mean of the objectives, each scaled from 0 (worst of these) to 1 (best of these).
    """
    points = points_of(contenders, policy)
    total = sum(policy.prefer.values()) or 1.0
    scores = {
        name: sum(row[objective] * weight / total for objective, weight in policy.prefer.items())
        for name, row in scaled(points).items()
    }
    ranking: list[tuple[str, float]] = []
    left = dict(points)
    while left:
        tied = _first_by_order(left, policy.order)
        best = min(tied, key=lambda name: (-scores[name], name))
        ranking.append((best, scores[best]))
        del left[best]
    return ranking


def _first_by_order(points: Mapping[str, Point], order: Sequence[str]) -> list[str]:
    """Those that the objectives, taken one after the other, cannot tell from the best."""
    tied = list(points)
    for objective in order:
        spans = {name: points[name][objective] for name in tied}
        best = max(spans.values(), key=lambda s: s.value)
        alike = _ALIKE * abs(best.value) if isfinite(best.value) else 0.0
        tied = [
            name for name, mine in spans.items() if mine.high >= best.low or mine.value >= best.value - alike
        ]
    return tied


def shortlist(contenders: Sequence[Contender], policy: Policy) -> tuple[Contender, ...]:
    """Those that no gate fails, best first: figures that keep every gate, then what misses least; on the front; by preference."""
    alive = [c for c in contenders if overall(c.verdicts) is not Outcome.FAIL]
    on_front = set(front(points_of(alive, policy)))
    place = {name: rank for rank, (name, _) in enumerate(ranked(alive, policy))}
    return tuple(sorted(alive, key=lambda c: (figures_miss(c), c.id not in on_front, place[c.id])))


def figures_miss(contender: Contender) -> float:
    """By what share of its bound an undecided gate is missed by the figure itself, at worst; infinite where there is no figure.

    An interval that holds the bound while the figure keeps it is what a confirmation is for: it misses nothing. Steadiness
    does not count.
    """
    open_ = [
        v for v in contender.verdicts if v.is_open and METRICS[v.gate.metric].kind is not Kind.STEADINESS
    ]
    return max((_miss(contender.values.get(v.gate.metric), v.gate) for v in open_), default=0.0)


def _miss(value: Value | None, gate: Gate) -> float:
    if value is None or value.value is None:
        return inf
    return 0.0 if gate.holds(value.value) else abs(value.value - gate.bound) / max(abs(gate.bound), 1e-9)
