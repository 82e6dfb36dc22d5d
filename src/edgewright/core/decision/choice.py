"""The choice among builds: pure functions of their values and verdicts, on the order of `core.decision.ranking`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgewright.core.decision.pareto import UNKNOWN, front, knee
from edgewright.core.decision.policy import ALWAYS, OBJECTIVES, Policy
from edgewright.core.decision.ranking import (
    Contender,
    Values,
    figures_miss,
    points_of,
    ranked,
    shortlist,
    span,
)
from edgewright.core.decision.verdict import Needs, Outcome, Verdict, overall, shortfall
from edgewright.core.measurement.quantity import METRICS


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The recommended build, or none; the front it was chosen from; reasons in words; the nearest miss.

    ``knee`` is the member of the front that gives up least of one objective for what it gains in the others. Where a choice
    is ``provisional``, no gate fails the chosen build, and its ``open_gates`` are not decided: nothing may be certified by it.
    """

    chosen: str | None
    front: tuple[str, ...]
    scores: Mapping[str, float]
    reasons: tuple[str, ...]
    runner_up: str | None = None
    knee: str | None = None
    nearest_miss: str | None = None
    missed: tuple[str, ...] = ()
    provisional: bool = False
    open_gates: tuple[Verdict, ...] = ()


def choose(contenders: Sequence[Contender], policy: Policy, *, explored: bool = False) -> Choice:
    """The best of the front of those that pass every gate, or else of those that no gate fails, called provisional.

    Where every build fails a gate, or a strict policy has none that passes: the nearest miss and what it missed. A build that
    was not confirmed comes after those that were (unless the ``explored`` compete too), and never as more than provisional.
    """
    passing = [c for c in contenders if overall(c.verdicts) is Outcome.PASS]
    sure = [c for c in passing if c.confirmed]
    if policy.strict or (sure and not explored):
        passing = sure
    if passing:
        return _best(contenders, passing, policy)
    if not policy.strict and (undecided := shortlist(contenders, policy)):
        return _provisional(contenders, undecided, policy)
    return _nobody(contenders, policy)


def _best(contenders: Sequence[Contender], passing: Sequence[Contender], policy: Policy) -> Choice:
    by_id = {c.id: c for c in passing}
    points = points_of(passing, policy)
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
        provisional=not best.confirmed,
        open_gates=() if best.confirmed else tuple(v for v in best.verdicts if v.needs is Needs.CONFIRMATION),
    )


def _provisional(contenders: Sequence[Contender], undecided: Sequence[Contender], policy: Policy) -> Choice:
    """The best of those that no gate fails.

    In this order: figures that keep every gate, what was confirmed, how little is missed, how little is open, preference.
    """
    order = sorted(
        undecided, key=lambda c: (figures_miss(c) > 0.0, not c.confirmed, figures_miss(c), _open(c))
    )
    best, runner_up = order[0], order[1] if len(order) > 1 else None
    points = points_of(undecided, policy)
    on_front = front(points)
    failing = len(contenders) - len(undecided)
    lines = [
        f"of {len(contenders)} builds that were measured {failing} fail a gate, and none passes every one"
    ]
    lines += [f"open: {v.reason}" for v in best.verdicts if v.excused]
    if runner_up:
        said = compare(runner_up.values, best.values, policy.objectives, policy.axes)
        lines.append(f"the next best is {runner_up.id}: {said}")
    return Choice(
        chosen=best.id,
        front=on_front,
        scores=dict(ranked([c for c in undecided if c.id in on_front], policy)),
        reasons=tuple(lines),
        runner_up=runner_up.id if runner_up else None,
        knee=knee({name: points[name] for name in on_front}),
        provisional=True,
        open_gates=tuple(v for v in best.verdicts if v.is_open),
    )


def _open(contender: Contender) -> int:
    return sum(verdict.is_open for verdict in contender.verdicts)


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
    return sum(v.is_open and not METRICS[v.gate.metric].is_timing for v in contender.verdicts)


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
    leads = [name for name in policy.objectives if _leads(best, passing, policy.axes[name])]
    if leads and len(passing) > 1:
        lines.append(f"of those that pass it is the best in {' and '.join(leads)}")
    lines += [f"open: {v.reason}" for v in best.verdicts if v.excused]
    if runner_up:
        said = compare(runner_up.values, best.values, policy.objectives, policy.axes)
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


def compare(
    one: Values, other: Values, objectives: Sequence[str] = ALWAYS, axes: Mapping[str, str] = OBJECTIVES
) -> str:
    """In words, what one build gains and costs against another on the objectives."""
    words = []
    for objective in objectives:
        metric = axes[objective]
        a, b = one.get(metric), other.get(metric)
        if a is None or b is None or a.value is None or b.value is None or not b.value:
            continue
        factor = a.value / b.value
        better = (factor > 1.0) == METRICS[metric].higher_is_better
        title = METRICS[metric].title
        size = f"{float(f'{factor:.2g}'):,g}x" if factor > 3.0 or factor < 0.33 else f"{factor - 1.0:+.0%}"
        words.append(f"{title[0].lower()}{title[1:]} {size} ({'better' if better else 'worse'} {objective})")
    return ", ".join(words)
