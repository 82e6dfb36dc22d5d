"""What is expected of a build before it is made: lines over its size and its rounding, through what its framework's others showed.

Decoding a token takes longer with the bytes that are read for it. Prefill computes more than it reads, so that one build alone
says nothing of how size matters there. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log
from statistics import median

from edgewright.core.measurement.quantity import METRICS

Figures = Mapping[str, float]

FIGURES = ("decode_tok_s", "kl_divergence", "peak_bytes", "size_bytes", "prefill_tok_s", "ttft_ms")
"""What every measured build has, and what is expected of every candidate."""

_SLACK: Figures = {
    "decode_tok_s": 1.35,
    "kl_divergence": 3.0,
    "peak_bytes": 1.10,
    "size_bytes": 1.02,
    "prefill_tok_s": 2.0,
    "ttft_ms": 2.0,
}
"""By what factor a candidate may turn out better than expected at best. Sizes are computed; accuracy and times are read off
neighbours of the same framework, and kernels of two formats compute at quite different speeds."""

_LEAST: Figures = {"kl_divergence": 1e-4, "peak_bytes": 1.0, "size_bytes": 1.0}
"""Figures are not told apart below these: a KL divergence below this is as good as none. Others from a thousandth on."""

_PER_BYTE: Mapping[str, float | None] = {
    "decode_tok_s": None,
    "prefill_tok_s": 0.0,
    "ttft_ms": 0.0,
}
"""What a byte costs where all measured builds are of one size; None: everything, so that half the bytes cost half."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was measured of a build, and what its format alone says: the KL divergence of plain rounding, and bytes of memory.

    ``held_bytes`` are what the runtime is declared to hold for its weights.
    """

    id: str
    framework: str
    figures: Figures
    raw_kl: float
    held_bytes: float


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """A candidate not built yet: its computed size, the KL divergence of plain rounding, and seconds that trying it takes.

    ``held_bytes`` are what the runtime is declared to hold for its weights.
    """

    id: str
    framework: str
    size_bytes: float
    raw_kl: float
    held_bytes: float
    seconds: float


@dataclass(frozen=True)
class _Line:
    """A cost over bytes: ``beside`` them, and for ``each``."""

    beside: float
    each: float

    def at(self, size: float) -> float:
        return self.beside + self.each * size


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """One framework as its measured builds show it.

    ``lines`` holds times over the bytes of weights. The runtime needs ``beside_bytes`` of memory beside what it holds for them.
    KL divergence is that of plain rounding times ``kl_factor`` and ``kl_floor``, which a runtime loses by itself.
    """

    lines: Mapping[str, _Line]
    beside_bytes: float
    kl_factor: float
    kl_floor: float

    def expected(self, option: Prospect) -> Figures:
        """The figures of a candidate."""
        return {
            "kl_divergence": option.raw_kl * self.kl_factor + self.kl_floor,
            "size_bytes": option.size_bytes,
            "peak_bytes": option.held_bytes + self.beside_bytes,
            **{name: _turned(name, line.at(option.size_bytes)) for name, line in self.lines.items()},
        }


def predictor(seen: Sequence[Seen]) -> Predictor:
    """Fitted to at least one measured build of a framework.

    Two sizes or more give a line, held to what can be (no negative time). Accuracy's factor and floor come from the
    quantized ones, and what memory is needed beside the weights too, where there are any: some runtimes hold weights of 16
    bits twice.
    """
    least = _LEAST["kl_divergence"]
    rounded = [one for one in seen if one.raw_kl > least]
    floor = max(min((o.figures["kl_divergence"] - o.raw_kl for o in rounded), default=0.0), 0.0)
    factors = [max(o.figures["kl_divergence"] - floor, least) / o.raw_kl for o in rounded]
    return Predictor(
        lines={
            name: _line([(o.figures["size_bytes"], _turned(name, o.figures[name])) for o in seen], alone)
            for name, alone in _PER_BYTE.items()
        },
        beside_bytes=max(median(o.figures["peak_bytes"] - o.held_bytes for o in rounded or seen), 0.0),
        kl_factor=exp(median(log(f) for f in factors)) if factors else 1.0,
        kl_floor=floor,
    )


def _turned(metric: str, value: float) -> float:
    """A speed as a time, and back; costs as they are."""
    return 1.0 / value if METRICS[metric].higher_is_better else value


def _line(points: Sequence[tuple[float, float]], alone: float | None) -> _Line:
    """By least squares, neither part below zero."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if spread:
        slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    else:
        slope = mean_y / mean_x if alone is None else alone
    if slope <= 0.0:
        return _Line(mean_y, 0.0)
    beside = mean_y - slope * mean_x
    return _Line(beside, slope) if beside >= 0.0 else _Line(0.0, mean_y / mean_x)


def at_best(expected: Figures, fastest_tok_s: float = inf) -> Figures:
    """The best that a candidate could turn out to be; ``fastest_tok_s`` is what the host's memory allows at its size."""
    best = {name: _better(name, value, _SLACK[name]) for name, value in expected.items()}
    return {**best, "decode_tok_s": min(best["decode_tok_s"], fastest_tok_s)}


def drawn(expected: Figures, draw: Callable[[], float]) -> Figures:
    """A candidate as it may turn out: each figure ``draw()`` times its slack away, in logarithms, either way."""
    return {name: value * _SLACK[name] ** draw() for name, value in expected.items()}


def _better(metric: str, value: float, factor: float) -> float:
    return value * factor if METRICS[metric].higher_is_better else value / factor


def place(figures: Figures, metrics: Sequence[str]) -> tuple[float, ...]:
    """A point on logarithms, more is better."""
    logs = ((name, log(max(figures[name], _LEAST.get(name, 1e-3)))) for name in metrics)
    return tuple(value if METRICS[name].higher_is_better else -value for name, value in logs)
