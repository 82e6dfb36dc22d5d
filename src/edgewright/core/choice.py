"""Pareto front and choice: pure functions of trials' values and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgewright.core.policy import OBJECTIVES
from edgewright.core.quantity import METRICS, Value
from edgewright.core.verdict import STEADINESS, Outcome, Verdict, overall, shortfall

Values = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """What choosing needs to know of a trial."""

    id: str
    values: Values
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The recommended build, or none; the front it was chosen from; reasons in words; the nearest miss."""

    chosen: str | None
    front: tuple[str, ...]
    scores: Mapping[str, float]
    reasons: tuple[str, ...]
    runner_up: str | None = None
    nearest_miss: str | None = None
    missed: tuple[str, ...] = ()


def goodness(values: Values, metric: str) -> float | None:
    """A metric's value with its direction normalized: higher is better. None where it was not measured."""
    value = values.get(metric)
    if value is None or value.value is None:
        return None
    return value.value if METRICS[metric].higher_is_better else -value.value


def dominates(a: Values, b: Values) -> bool:
    """Whether ``a`` is nowhere worse than ``b`` on the objectives, and somewhere better."""
    pairs = [(goodness(a, metric), goodness(b, metric)) for metric in OBJECTIVES.values()]
    known = [(x, y) for x, y in pairs if x is not None and y is not None]
    return bool(known) and all(x >= y for x, y in known) and any(x > y for x, y in known)


def pareto_front(contenders: Sequence[Contender]) -> tuple[Contender, ...]:
    """Those that no other dominates, in their order."""
    return tuple(
        c for c in contenders if not any(dominates(o.values, c.values) for o in contenders if o is not c)
    )


def normalized(contenders: Sequence[Contender], prefer: Mapping[str, float]) -> dict[str, float]:
    """Weighted mean of the objectives, each scaled to 0 (worst of these) .. 1 (best of these)."""
    total = sum(prefer.values()) or 1.0
    scores = dict.fromkeys((c.id for c in contenders), 0.0)
    for objective, weight in prefer.items():
        column = {c.id: goodness(c.values, OBJECTIVES[objective]) for c in contenders}
        known = [g for g in column.values() if g is not None]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
        for name, good in column.items():
            share = 0.0 if good is None else 1.0 if high == low else (good - low) / (high - low)
            scores[name] += share * weight / total
    return scores


def shortlist(contenders: Sequence[Contender], prefer: Mapping[str, float]) -> tuple[Contender, ...]:
    """Those that no gate fails, best first: with no gate in doubt but steadiness, on the front, by preference."""
    alive = [c for c in contenders if overall(c.verdicts) is not Outcome.FAIL]
    front = {c.id for c in pareto_front(alive)}
    scores = normalized(alive, prefer)
    return tuple(sorted(alive, key=lambda c: (_doubtful(c), c.id not in front, -scores[c.id], c.id)))


def _doubtful(contender: Contender) -> bool:
    return any(
        v.outcome is Outcome.INCONCLUSIVE and not v.excused and v.gate.metric not in STEADINESS
        for v in contender.verdicts
    )


def choose(contenders: Sequence[Contender], prefer: Mapping[str, float]) -> Choice:
    """The best of the front of those that pass every gate; where none does, the nearest miss and what it missed."""
    passing = [c for c in contenders if overall(c.verdicts) is Outcome.PASS]
    if not passing:
        return _nobody(contenders)
    front = pareto_front(passing)
    scores = normalized(front, prefer)
    ranked = sorted(front, key=lambda c: (-scores[c.id], c.id))
    best = ranked[0]
    runner_up = ranked[1] if len(ranked) > 1 else next((c for c in passing if c is not best), None)
    return Choice(
        chosen=best.id,
        front=tuple(c.id for c in front),
        scores=scores,
        reasons=_reasons(best, runner_up, contenders, passing, prefer),
        runner_up=runner_up.id if runner_up else None,
    )


def _nobody(contenders: Sequence[Contender]) -> Choice:
    # An undecided gate is nearer than a failed one: it may still turn out well.
    ranked = sorted(contenders, key=lambda c: (shortfall(c.verdicts), _undecided(c), c.id))
    if not ranked:
        return Choice(chosen=None, front=(), scores={}, reasons=("no build could be measured",))
    best = ranked[0]
    missed = tuple(v.reason for v in best.verdicts if v.outcome is not Outcome.PASS and not v.excused)
    reason = f"no build passed every gate; {best.id} came nearest"
    return Choice(chosen=None, front=(), scores={}, reasons=(reason,), nearest_miss=best.id, missed=missed)


def _undecided(contender: Contender) -> int:
    return sum(v.outcome is Outcome.INCONCLUSIVE and not v.excused for v in contender.verdicts)


def _reasons(
    best: Contender,
    runner_up: Contender | None,
    contenders: Sequence[Contender],
    passing: Sequence[Contender],
    prefer: Mapping[str, float],
) -> tuple[str, ...]:
    weights = ", ".join(f"{name} {weight:g}" for name, weight in prefer.items())
    failing = sum(overall(c.verdicts) is Outcome.FAIL for c in contenders)
    lines = [
        f"of {len(contenders)} builds that were measured {failing} fail a gate, and {_listed(passing)} every one",
        f"{best.id} scores highest with the weights {weights}",
    ]
    leads = [name for name, metric in OBJECTIVES.items() if _leads(best, passing, metric)]
    if leads and len(passing) > 1:
        lines.append(f"of those that pass it is the best in {' and '.join(leads)}")
    lines += [f"open: {v.reason}" for v in best.verdicts if v.excused]
    if runner_up:
        lines.append(f"the next best is {runner_up.id}: {compare(runner_up.values, best.values)}")
    return tuple(lines)


def _listed(passing: Sequence[Contender]) -> str:
    if len(passing) > 3:
        return f"{len(passing)} pass"
    return f"{' and '.join(c.id for c in passing)} pass{'es' if len(passing) == 1 else ''}"


def _leads(best: Contender, others: Sequence[Contender], metric: str) -> bool:
    mine = goodness(best.values, metric)
    theirs = [g for o in others if (g := goodness(o.values, metric)) is not None]
    return mine is not None and mine >= max(theirs)


def compare(one: Values, other: Values) -> str:
    """In words, what one build gains and costs against another on the objectives."""
    words = []
    for objective, metric in OBJECTIVES.items():
        a, b = one.get(metric), other.get(metric)
        if a is None or b is None or a.value is None or b.value is None or not b.value:
            continue
        factor = a.value / b.value
        better = (factor > 1.0) == METRICS[metric].higher_is_better
        title = METRICS[metric].title
        size = f"{factor:.2g}x" if factor > 3.0 or factor < 0.33 else f"{factor - 1.0:+.0%}"
        words.append(f"{title[0].lower()}{title[1:]} {size} ({'better' if better else 'worse'} {objective})")
    return ", ".join(words)
