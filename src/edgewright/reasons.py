"""Why something is as it is, for programs: a code, and the values that its sentence names.

Law: `core` and `app` give codes; `report.sentences` alone makes sentences of them. What another program says of itself (a
framework's error, a backend's refusal) is its own text and is passed on as ``told``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A code of ``report/sentences.toml`` with its values; byte counts are in bytes, shares are fractions of 1."""

    code: str
    values: Mapping[str, str | int | float | Reason | tuple[str, ...] | tuple[Reason, ...]] = field(
        default_factory=dict
    )


def because(code: str, /, **values: str | float | Reason | tuple[str, ...] | tuple[Reason, ...]) -> Reason:
    """The reason of that code."""
    return Reason(code=code, values=values)


def told(text: str) -> Reason:
    """Another program's own words."""
    return because("told", text=text)
