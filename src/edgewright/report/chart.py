"""Every measured build as a point, decode speed against what it lost, for the picture in the report.

Both axes are logarithmic. What lies further right is faster, what lies higher answers more like the original.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from edgewright.core.decision.pareto import front
from edgewright.core.decision.ranking import span
from edgewright.core.decision.verdict import Outcome
from edgewright.core.run import Run, Status, Trial
from edgewright.report.figures import figure

WIDTH, HEIGHT = 960, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 24, 44
_ALIKE = 1e-5
"""KL divergence below which builds are the original but for rounding: they share the top of the picture."""
_SLOWEST = 0.01
"""Tokens/s: a lower bound may be below zero, and the axis has none."""
LABEL_AT = 11
"""Pixels from a point to its label."""
_RADIUS, _LINE, _LETTER = 6.0, 13.0, 6.3
_SHIFTS = (0.0, *(sign * step * _LINE for step in (1, 2, 3) for sign in (-1, 1)))
_SPEED, _LOSS = "decode_tok_s", "kl_divergence"


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One build: its place with its interval (pixels), and where its label stands."""

    id: str
    framework: int
    x: float
    y: float
    left: float
    right: float
    top: float
    bottom: float
    failed: bool
    says: str
    label_y: float
    to_left: bool = False
    ahead: bool = False
    best: bool = False


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Points, axes, and the frameworks in the order of their colours."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    dots: tuple[Dot, ...]
    speeds: tuple[Tick, ...]
    losses: tuple[Tick, ...]
    frameworks: tuple[str, ...]


def chart(run: Run) -> Chart | None:
    """Nothing where fewer than two builds have both figures: that is not a picture."""
    trials = [t for t in run.trials if t.status is Status.MEASURED and _drawable(t)]
    if len(trials) < 2:
        return None
    frameworks = tuple(dict.fromkeys(t.recipe.framework for t in trials))
    x = _axis([b for t in trials for b in _bounds(t, _SPEED)], _LEFT, WIDTH - _RIGHT)
    y = _axis([_ALIKE, *(b for t in trials for b in _bounds(t, _LOSS))], _TOP, HEIGHT - _BOTTOM)
    ahead = front({t.id: {name: span(t.values, name) for name in (_SPEED, _LOSS)} for t in trials})
    chosen = run.choice.chosen if run.choice else None
    dots = [
        replace(dot, ahead=dot.id in ahead, best=dot.id == chosen)
        for dot in (_dot(t, frameworks.index(t.recipe.framework), x, y) for t in trials)
    ]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        top=_TOP,
        bottom=HEIGHT - _BOTTOM,
        dots=_labelled(dots),
        speeds=tuple(Tick(at=x.place(v), text=f"{v:g}") for v in x.steps((1, 2, 5))),
        losses=tuple(Tick(at=y.place(v), text=_loss(v)) for v in y.steps((1,))),
        frameworks=frameworks,
    )


@dataclass(frozen=True)
class _Axis:
    """Logarithmic: ``low`` and ``high`` of the figure lie at the pixels ``start`` and ``end``."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def steps(self, leads: Sequence[int]) -> list[float]:
        """Round figures within the axis."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        figures = (lead * 10.0**decade for decade in decades for lead in leads)
        return [f for f in figures if self.low * 0.999 <= f <= self.high * 1.001]


def _axis(figures: Iterable[float], start: float, end: float) -> _Axis:
    """With a little room beyond the extremes."""
    known = list(figures)
    return _Axis(min(known) / 1.15, max(known) * 1.15, start, end)


def _drawable(trial: Trial) -> bool:
    speed, loss = trial.values.get(_SPEED), trial.values.get(_LOSS)
    return bool(speed and speed.value and loss and loss.value is not None)


def _bounds(trial: Trial, metric: str) -> tuple[float, float]:
    """The interval of a figure, or twice the figure."""
    value = trial.values[metric]
    bounds = (value.value if bound is None else bound for bound in (value.ci_low, value.ci_high))
    floor = _ALIKE if metric == _LOSS else _SLOWEST
    low, high = (max(float(bound or 0.0), floor) for bound in bounds)
    return low, high


def _dot(trial: Trial, place: int, x: _Axis, y: _Axis) -> Dot:
    """Its place and words; how it stands among the others is not known here."""
    values = trial.values
    at = y.place(max(values[_LOSS].value or 0.0, _ALIKE))
    left, right = (x.place(bound) for bound in _bounds(trial, _SPEED))
    top, bottom = (y.place(bound) for bound in _bounds(trial, _LOSS))
    return Dot(
        id=trial.id,
        framework=place,
        x=x.place(values[_SPEED].value or _SLOWEST),
        y=at,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        failed=trial.outcome is Outcome.FAIL,
        says=f"{trial.id}: {figure(values[_SPEED])} tokens/s, KL {figure(values[_LOSS])}, "
        f"{figure(values.get('size_bytes'))}",
        label_y=at,
    )


def _labelled(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """Each label at the nearest place beside its point where neither a label nor a point stands; the important first."""
    taken = [(d.x - _RADIUS, d.y - _RADIUS, d.x + _RADIUS, d.y + _RADIUS) for d in dots]
    placed = []
    for dot in sorted(dots, key=lambda dot: (not dot.best, not dot.ahead)):
        options = [replace(dot, label_y=dot.y + dy, to_left=left) for dy in _SHIFTS for left in (False, True)]
        free = (one for one in options if not any(_overlap(_box(one), box) for box in taken))
        placed.append(next(free, options[0]))
        taken.append(_box(placed[-1]))
    return tuple(placed)


_Box = tuple[float, float, float, float]


def _box(dot: Dot) -> _Box:
    """Where the label would stand."""
    width = len(dot.id) * _LETTER * (1.2 if dot.best else 1.0)
    start = dot.x - LABEL_AT - width if dot.to_left else dot.x + LABEL_AT
    return start, dot.label_y - _LINE / 2, start + width, dot.label_y + _LINE / 2


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _loss(value: float) -> str:
    return f"{value:g}" if value > _ALIKE * 1.01 else f"up to {_ALIKE:g}"
