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
from math import exp, inf, log
from random import Random
from statistics import median

from edgewright.core.pareto import hypervolume

FIGURES = ("decode_tok_s", "kl_divergence", "peak_bytes", "size_bytes")
"""What is expected of a candidate before it is built."""

_LEAST_KL = 1e-4
"""Below this a KL divergence is as good as none."""

_LEAST: Mapping[str, float] = {
    "decode_tok_s": 1e-3,
    "kl_divergence": _LEAST_KL,
    "peak_bytes": 1.0,
    "size_bytes": 1.0,
}
"""Figures are not told apart below these."""

_SLACK: Mapping[str, float] = {
    "decode_tok_s": 1.35,
    "kl_divergence": 3.0,
    "peak_bytes": 1.10,
    "size_bytes": 1.02,
}
"""By what factor a candidate may turn out better than expected at best. Sizes are computed; speed and accuracy are read off
neighbours of the same framework."""

_WORTH = 0.002
"""A candidate that could add less than this share of the front's volume at best is not built."""


_SPREAD = 1.0 / 3.0
"""Standard deviation of a draw, in logarithms of the slack: the best that is expected lies three of them away."""

_LAST = 0.02
"""The share of its gain at best that a candidate counts for when its draw gains nothing: the order of those that are left."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was measured of a build, and its raw expectation by format alone: the KL divergence of plain rounding."""

    id: str
    framework: str
    figures: Mapping[str, float]
    raw_kl: float


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """A candidate not built yet: its computed size, the KL divergence of plain rounding, and seconds that trying it takes."""

    id: str
    framework: str
    size_bytes: float
    raw_kl: float
    seconds: float


_BLOCK_S = 6.0
"""What a build costs beside its making and scoring: processes that start, and a short block."""


def seconds_of(cost: float, scored_s: Sequence[float]) -> float:
    """About how long trying a build takes, by how long builds of its framework took to score: building is of that order."""
    return (1.0 + cost) * median(scored_s) + _BLOCK_S


Figures = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """One framework as its measured builds show it, by six numbers.

    Decoding a token takes ``token_s`` and ``byte_s`` for each byte of weights; memory is ``beside_bytes`` and ``held`` times
    the weights (more than once where a runtime packs them anew); KL divergence is that of plain rounding times ``kl_factor``
    and ``kl_floor``, which a runtime loses by itself.
    """

    token_s: float
    byte_s: float
    beside_bytes: float
    held: float
    kl_factor: float
    kl_floor: float

    def expected(self, option: Prospect) -> Figures:
        """The figures of a candidate."""
        return {
            "decode_tok_s": 1.0 / (self.token_s + self.byte_s * option.size_bytes),
            "kl_divergence": option.raw_kl * self.kl_factor + self.kl_floor,
            "peak_bytes": self.held * option.size_bytes + self.beside_bytes,
            "size_bytes": option.size_bytes,
        }


def outlook(seen: Sequence[Seen]) -> Outlook:
    """Fitted to at least one measured build of a framework.

    A single build says what a byte costs if nothing else does; two or more give a line, held to what can be (no negative
    time). Accuracy's factor and floor come from the quantized ones.
    """
    token_s, byte_s = _line([(one.figures["size_bytes"], 1.0 / one.figures["decode_tok_s"]) for one in seen])
    peaks = [(one.figures["size_bytes"], one.figures["peak_bytes"]) for one in seen]
    beside, held = _line(peaks) if len({size for size, _ in peaks}) > 1 else (peaks[0][1] - peaks[0][0], 1.0)
    rounded = [one for one in seen if one.raw_kl > _LEAST_KL]
    floor = max(min((o.figures["kl_divergence"] - o.raw_kl for o in rounded), default=0.0), 0.0)
    factors = [max(o.figures["kl_divergence"] - floor, _LEAST_KL) / o.raw_kl for o in rounded]
    return Outlook(
        token_s=token_s,
        byte_s=byte_s,
        beside_bytes=max(beside, 0.0),
        held=held,
        kl_factor=exp(median(log(f) for f in factors)) if factors else 1.0,
        kl_floor=floor,
    )


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Intercept and slope over bytes, by least squares, neither below zero."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else mean_y / mean_x
    if slope <= 0.0:
        return mean_y, 0.0
    if (intercept := mean_y - slope * mean_x) < 0.0:
        return 0.0, mean_y / mean_x
    return intercept, slope


def at_best(expected: Figures, fastest_tok_s: float = inf) -> Figures:
    """The best that a candidate could turn out to be; ``fastest_tok_s`` is what the host's memory allows at its size."""
    return {
        "decode_tok_s": min(expected["decode_tok_s"] * _SLACK["decode_tok_s"], fastest_tok_s),
        **{name: expected[name] / _SLACK[name] for name in FIGURES[1:]},
    }


def place(figures: Figures, metrics: Sequence[str]) -> tuple[float, ...]:
    """A point on logarithms, more is better."""
    logs = {name: log(max(figures[name], _LEAST[name])) for name in metrics}
    return tuple(logs[name] if name == "decode_tok_s" else -logs[name] for name in metrics)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A candidate worth trying: what is expected of it, and the volume that it would add if it came out as drawn."""

    option: Prospect
    expected: Figures
    gain: float


@dataclass(frozen=True, kw_only=True)
class Hopeless:
    """A candidate that is not worth trying, with the reason in words."""

    option: Prospect
    expected: Figures
    reason: str


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
    outlooks = {
        name: outlook([one for one in seen if one.framework == name]) for name in {o.framework for o in seen}
    }
    hopeful: list[Proposal] = []
    hopeless: list[Hopeless] = []
    for option in options:
        if option.framework not in outlooks:
            continue
        expected = outlooks[option.framework].expected(option)
        best = at_best(expected, (fastest or {}).get(option.id, inf))
        bound = hypervolume([*front, place(best, metrics)], bottom) - volume
        if bound <= _WORTH * volume or bound <= 0.0:
            reason = _why_not(best, reference, seen, metrics)
            hopeless.append(Hopeless(option=option, expected=expected, reason=reason))
            continue
        drawn = {name: value * _SLACK[name] ** rng.gauss(0.0, _SPREAD) for name, value in expected.items()}
        gain = hypervolume([*front, place(drawn, metrics)], bottom) - volume
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
            )
        )
        left = [proposal.option for proposal in hopeful[1:]]
        hopeful, _ = propose(imagined, left, reference, metrics, rng=rng, fastest=fastest)
    return chosen, hopeless


_SAID = {
    "decode_tok_s": ("{:.0f} tokens/s", 1.0),
    "kl_divergence": ("a KL divergence of {:.2g}", 1.0),
    "peak_bytes": ("{:.0f} MB of peak memory", 1e-6),
    "size_bytes": ("{:.0f} MB on disk", 1e-6),
}


def _why_not(best: Figures, reference: Figures, seen: Sequence[Seen], metrics: Sequence[str]) -> str:
    """In words: the gate that it cannot pass, or the build that beats it."""
    for name in metrics:
        if place(best, (name,)) <= place(reference, (name,)):
            text, unit = _SAID[name]
            said, asked = text.format(best[name] * unit), text.format(reference[name] * unit)
            return f"at best {said} can be expected of it, and a gate asks for more than {asked}"
    mine = place(best, metrics)
    for one in seen:
        if all(theirs >= x for theirs, x in zip(place(one.figures, metrics), mine, strict=True)):
            return f"even at its best it would be nowhere better than {one.id}"
    return "even at its best it would add nearly nothing to the front"
