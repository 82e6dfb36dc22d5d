"""The choice among builds: pure functions of their values and verdicts, on the geometry of `core.pareto`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from edgewright.core.pareto import UNKNOWN, Point, Span, front, knee, scaled
from edgewright.core.policy import ALWAYS, OBJECTIVES, Gate, Policy
from edgewright.core.quantity import METRICS, Label, Value
from edgewright.core.verdict import STEADINESS, TIMING, Outcome, Verdict, overall, shortfall

Values = Mapping[str, Value]

_ALIKE = 0.02
"""A share by which two figures may differ before an order of objectives tells them apart."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """What choosing needs to know of a trial."""

    id: str
    values: Values
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The recommended build, or none; the front it was chosen from; reasons in words; the nearest miss.

    ``knee`` is the member of the front that gives up least of one objective for what it gains in the others.
    """

    chosen: str | None
    front: tuple[str, ...]
    scores: Mapping[str, float]
    reasons: tuple[str, ...]
    runner_up: str | None = None
    knee: str | None = None
    nearest_miss: str | None = None
    missed: tuple[str, ...] = ()


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


def points_of(contenders: Sequence[Contender], objectives: Sequence[str]) -> dict[str, Point]:
    """Each contender's place among the objectives."""
    return {c.id: {name: span(c.values, OBJECTIVES[name]) for name in objectives} for c in contenders}


def ranked(contenders: Sequence[Contender], policy: Policy) -> list[tuple[str, float]]:
    """Ids with their scores, best first: by the policy's order of objectives, and by weights where it leaves a tie.

    A score is the weighted mean of the objectives, each scaled from 0 (worst of these) to 1 (best of these).
    """
    points = points_of(contenders, policy.objectives)
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
    """Those that no gate fails, best first: figures that keep every gate, on the front, by preference."""
    alive = [c for c in contenders if overall(c.verdicts) is not Outcome.FAIL]
    on_front = set(front(points_of(alive, policy.objectives)))
    place = {name: rank for rank, (name, _) in enumerate(ranked(alive, policy))}
    return tuple(sorted(alive, key=lambda c: (_doubtful(c), c.id not in on_front, place[c.id])))


def _doubtful(contender: Contender) -> bool:
    """Whether a gate but steadiness is undecided and the figure itself misses it, or there is none.

    An interval that holds the bound while the figure keeps it is what a confirmation is for.
    """
    return any(
        v.outcome is Outcome.INCONCLUSIVE
        and not v.excused
        and v.gate.metric not in STEADINESS
        and not _keeps(contender.values.get(v.gate.metric), v.gate)
        for v in contender.verdicts
    )


def _keeps(value: Value | None, gate: Gate) -> bool:
    return value is not None and value.value is not None and gate.holds(value.value)


def choose(contenders: Sequence[Contender], policy: Policy) -> Choice:
    """The best of the front of those that pass every gate; where none does, the nearest miss and what it missed."""
    passing = [c for c in contenders if overall(c.verdicts) is Outcome.PASS]
    if not passing:
        return _nobody(contenders, policy)
    by_id = {c.id: c for c in passing}
    points = points_of(passing, policy.objectives)
    on_front = front(points)
    ranking = ranked([by_id[name] for name in on_front], policy)
    best = by_id[ranking[0][0]]
    runner_up = (
        by_id[ranking[1][0]] if len(ranking) > 1 else next((c for c in passing if c is not best), None)
    )
    return Choice(
        chosen=best.id,
        front=on_front,
        scores=dict(ranking),
        reasons=_reasons(best, runner_up, contenders, passing, policy),
        runner_up=runner_up.id if runner_up else None,
        knee=knee({name: points[name] for name in on_front}),
    )


def _nobody(contenders: Sequence[Contender], policy: Policy) -> Choice:
    """The nearest miss: of those that no gate fails the one that is preferred, else the one that falls least short.

    What only the host's noise leaves open keeps no build from being the nearest.
    """
    place = {name: rank for rank, (name, _) in enumerate(ranked(contenders, policy))}
    near = sorted(contenders, key=lambda c: (shortfall(c.verdicts), _undecided(c), place[c.id]))
    if not near:
        return Choice(chosen=None, front=(), scores={}, reasons=("no build could be measured",))
    best = near[0]
    missed = tuple(v.reason for v in best.verdicts if v.outcome is not Outcome.PASS and not v.excused)
    reason = f"no build passed every gate; {best.id} came nearest"
    return Choice(chosen=None, front=(), scores={}, reasons=(reason,), nearest_miss=best.id, missed=missed)


def _undecided(contender: Contender) -> int:
    return sum(
        v.outcome is Outcome.INCONCLUSIVE and not v.excused and v.gate.metric not in TIMING
        for v in contender.verdicts
    )


def _reasons(
    best: Contender,
    runner_up: Contender | None,
    contenders: Sequence[Contender],
    passing: Sequence[Contender],
    policy: Policy,
) -> tuple[str, ...]:
    failing = sum(overall(c.verdicts) is Outcome.FAIL for c in contenders)
    lines = [
        f"of {len(contenders)} builds that were measured {failing} fail a gate, and {_listed(passing)} every one",
        f"{best.id} {_wish(policy)}",
    ]
    leads = [name for name in policy.objectives if _leads(best, passing, OBJECTIVES[name])]
    if leads and len(passing) > 1:
        lines.append(f"of those that pass it is the best in {' and '.join(leads)}")
    lines += [f"open: {v.reason}" for v in best.verdicts if v.excused]
    if runner_up:
        said = compare(runner_up.values, best.values, policy.objectives)
        lines.append(f"the next best is {runner_up.id}: {said}")
    return tuple(lines)


def _wish(policy: Policy) -> str:
    if policy.order:
        return f"comes first by {', then '.join(policy.order)}"
    weights = ", ".join(f"{name} {weight:g}" for name, weight in policy.prefer.items())
    return f"scores highest with the weights {weights}"


def _listed(passing: Sequence[Contender]) -> str:
    if len(passing) > 3:
        return f"{len(passing)} pass"
    return f"{' and '.join(c.id for c in passing)} pass{'es' if len(passing) == 1 else ''}"


def _leads(best: Contender, others: Sequence[Contender], metric: str) -> bool:
    mine = span(best.values, metric)
    return mine is not UNKNOWN and mine.value >= max(span(o.values, metric).value for o in others)


def compare(one: Values, other: Values, objectives: Sequence[str] = ALWAYS) -> str:
    """In words, what one build gains and costs against another on the objectives."""
    words = []
    for objective in objectives:
        metric = OBJECTIVES[objective]
        a, b = one.get(metric), other.get(metric)
        if a is None or b is None or a.value is None or b.value is None or not b.value:
            continue
        factor = a.value / b.value
        better = (factor > 1.0) == METRICS[metric].higher_is_better
        title = METRICS[metric].title
        size = f"{float(f'{factor:.2g}'):,g}x" if factor > 3.0 or factor < 0.33 else f"{factor - 1.0:+.0%}"
        words.append(f"{title[0].lower()}{title[1:]} {size} ({'better' if better else 'worse'} {objective})")
    return ", ".join(words)
