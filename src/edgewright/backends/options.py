"""Runtime options of sessions, checked in one place: every framework refuses in the same words."""

from __future__ import annotations

from collections.abc import Mapping

from edgewright.core.recipe.recipes import Option
from edgewright.errors import UsageError

Kind = type[bool] | range | tuple[str, ...]
"""What an option may be: yes or no, a whole number, or one of these words."""

COUNT = range(1, 2**31)


def check_options(framework: str, runtime: Mapping[str, Option], known: Mapping[str, Kind]) -> None:
    """Refuse options that a framework does not have, and values that they cannot have.

    Raises:
        UsageError: one, for all that is wrong.
    """
    wrong = [
        f"{name} = {value}" if name in known else name
        for name, value in sorted(runtime.items())
        if name not in known or not _fits(value, known[name])
    ]
    if wrong:
        there_are = "; ".join(f"{name} ({_said(kind)})" for name, kind in known.items())
        raise UsageError(
            f"{framework} has no runtime option {', '.join(wrong)}.", hint=f"Known: {there_are}."
        )


def _fits(value: Option, kind: Kind) -> bool:
    if isinstance(kind, type):
        return isinstance(value, bool)
    return value in kind and not isinstance(value, bool)  # True is in a range, as 1


def _said(kind: Kind) -> str:
    if isinstance(kind, tuple):
        return " or ".join(kind)
    return f"a whole number from {kind.start}" if isinstance(kind, range) else "true or false"
