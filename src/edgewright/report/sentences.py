"""Reasons as sentences: the only place where a code becomes words."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from edgewright.core.decision.verdict import Verdict
from edgewright.core.measurement.quantity import METRICS, size
from edgewright.reasons import Reason
from edgewright.report.figures import scaled


@cache
def templates() -> Mapping[str, str]:
    """The template of each code."""
    text = (files("edgewright.report") / "sentences.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def sentence(reason: Reason | None) -> str:
    """A reason in words, without a full stop; empty where there is none.

    A code that a later version wrote is shown as it stands, with its values.
    """
    if reason is None:
        return ""
    template = templates().get(reason.code)
    if template is None:
        values = ", ".join(f"{name} {_plain(value)}" for name, value in reason.values.items())
        return f"{reason.code}: {values}" if values else reason.code
    return _Words(reason.values).vformat(template, (), reason.values)


def sentences(reasons: Iterable[Reason], between: str = "; ") -> str:
    """Several reasons in one line."""
    return between.join(sentence(reason) for reason in reasons)


def verdict_sentence(verdict: Verdict) -> str:
    """A gate with its figure and interval, and why it is open where it is."""
    gate, title = verdict.gate, METRICS[verdict.gate.metric].title.lower()
    if verdict.value is None:
        return f"{title} has no value: {sentences(verdict.why)}"
    shown = size if METRICS[gate.metric].unit == "byte" else _number
    text = f"{title} {shown(verdict.value)} (gate {gate.sign} {shown(gate.bound)})"
    if verdict.ci_low is not None and verdict.ci_high is not None:
        text += f", interval {shown(verdict.ci_low)} to {shown(verdict.ci_high)}"
    return "; ".join([text, *map(sentence, verdict.why)])


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.3g}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)


def _passing(names: Sequence[str]) -> str:
    if not names:
        return "none passes every gate"
    if len(names) > 3:
        return f"{len(names)} pass every gate"
    return f"{_and(names)} pass{'es' if len(names) == 1 else ''} every gate"


_WAYS: Mapping[str, Callable[[Any], str]] = {
    "and": _and,
    "list": ", ".join,
    "then": ", then ".join,
    "passing": _passing,
    "MB": size,
    "points": lambda share: f"{100 * share:.0f}",
    "title": lambda metric: METRICS[metric].title.lower(),
}
"""How a value is written, by what stands after its colon; any other text there is Python's own format."""


class _Words(string.Formatter):
    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "of metric":
            unit = METRICS[str(self._values["metric"])].unit
            shown = {"token/s": " tokens/s", "ms": " ms"}.get(unit, "")
            return f"{scaled(float(value), unit)}{shown}"
        if format_spec in _WAYS:
            return _WAYS[format_spec](value)
        return format(_plain(value), format_spec)


def _plain(value: Any) -> Any:
    if isinstance(value, Reason):
        return sentence(value)
    if isinstance(value, tuple):
        return "; ".join(sentence(one) if isinstance(one, Reason) else one for one in value)
    return value
