"""What to try next: candidates by what is expected of them, from what was measured so far. Pure, but for a seed's draws.

Each candidate is taken to be as good as one draw from what it may turn out to be (Thompson 1933, On the likelihood that one
unknown probability exceeds another): so uncertain ones get their turn, and no setting says how often.

Everything is compared on logarithms, where a share gained counts the same at either end: decode speed, KL divergence and
peak memory (or whatever a policy wishes for). A point's volume is what it beats of the reference point, which is what no
gate lets through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from random import Random
from statistics import median

from edgewright.core.decision.pareto import hypervolume
from edgewright.core.prediction.expectation import (
    FIGURES,
    Figures,
    Prospect,
    Seen,
    at_best,
    drawn,
    place,
    predictor,
)
from edgewright.reasons import Reason, because

_WORTH = 0.002
"""A candidate that could add less than this share of the front's volume at best is not built."""

_SPREAD = 1.0 / 3.0
"""Standard deviation of a draw, in logarithms of the slack: the best that is expected lies three of them away."""

_LAST = 0.02
"""The share of its gain at best that a candidate counts for when its draw gains nothing: the order of those that are left."""

_BLOCK_S = 6.0
"""What a build costs beside its making and scoring: processes that start, and a short block."""


def seconds_of(cost: float, scored_s: Sequence[float]) -> float:
    """About how long trying a build takes, by how long builds of its framework took to score: building is of that order."""
    return (1.0 + cost) * median(scored_s) + _BLOCK_S


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A candidate worth trying: what is expected of it, and the volume that it would add if it came out as drawn."""

    option: Prospect
    expected: Figures
    gain: float


@dataclass(frozen=True, kw_only=True)
class Hopeless:
    """A candidate that is not worth trying, with the reason."""

    option: Prospect
    expected: Figures
    reason: Reason


def propose(
    seen: Sequence[Seen],
    options: Sequence[Prospect],
    reference: Figures,
    metrics: Sequence[str] = FIGURES[:3],
    *,
    rng: Random,
    fastest: Mapping[str, float] | None = None,
) -> tuple[list[Proposal], list[Hopeless]]:
    """Candidates by the gain for each second that trying them takes, best first; and those that cannot gain.

    ``reference`` holds the figures that are of no use any more; ``fastest`` the roofline of each candidate, tokens/s.
    Candidates of a framework of which nothing was measured are left out.
    """
    bottom = place(reference, metrics)
    front = [place(one.figures, metrics) for one in seen]
    volume = hypervolume(front, bottom)
    predictors = {
        name: predictor([one for one in seen if one.framework == name])
        for name in {o.framework for o in seen}
    }
    hopeful: list[Proposal] = []
    hopeless: list[Hopeless] = []
    for option in options:
        if option.framework not in predictors:
            continue
        expected = predictors[option.framework].expected(option)
        best = at_best(expected, (fastest or {}).get(option.id, inf))
        bound = hypervolume([*front, place(best, metrics)], bottom) - volume
        if bound <= _WORTH * volume or bound <= 0.0:
            reason = _why_not(best, reference, seen, metrics)
            hopeless.append(Hopeless(option=option, expected=expected, reason=reason))
            continue
        draw = drawn(expected, lambda: rng.gauss(0.0, _SPREAD))
        gain = hypervolume([*front, place(draw, metrics)], bottom) - volume
        hopeful.append(Proposal(option=option, expected=expected, gain=max(gain, _LAST * bound)))
    hopeful.sort(key=lambda p: (-p.gain / p.option.seconds, p.option.id))
    return hopeful, hopeless


def batch(
    seen: Sequence[Seen],
    options: Sequence[Prospect],
    reference: Figures,
    metrics: Sequence[str],
    *,
    most: int,
    rng: Random,
    fastest: Mapping[str, float] | None = None,
) -> tuple[list[Proposal], list[Hopeless]]:
    """Up to ``most`` candidates to try together, each the best when those before it turn out as expected."""
    hopeful, hopeless = propose(seen, options, reference, metrics, rng=rng, fastest=fastest)
    chosen: list[Proposal] = []
    imagined = list(seen)
    while hopeful and len(chosen) < most:
        first = hopeful[0]
        chosen.append(first)
        imagined.append(
            Seen(
                id=first.option.id,
                framework=first.option.framework,
                figures=first.expected,
                raw_kl=first.option.raw_kl,
                held_bytes=first.option.held_bytes,
            )
        )
        left = [proposal.option for proposal in hopeful[1:]]
        hopeful, _ = propose(imagined, left, reference, metrics, rng=rng, fastest=fastest)
    return chosen, hopeless


def _why_not(best: Figures, reference: Figures, seen: Sequence[Seen], metrics: Sequence[str]) -> Reason:
    """The gate that it cannot pass, or the build that beats it."""
    for name in metrics:
        if place(best, (name,)) <= place(reference, (name,)):
            return because("expected_misses_gate", metric=name, best=best[name], bound=reference[name])
    mine = place(best, metrics)
    for one in seen:
        if all(theirs >= x for theirs, x in zip(place(one.figures, metrics), mine, strict=True)):
            return because("dominated_at_best", build=one.id)
    return because("adds_little_at_best")
