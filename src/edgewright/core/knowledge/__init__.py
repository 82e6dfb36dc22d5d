"""What the field's tables know, as data beside this file. Reading it is the only file access of `core`."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from typing import Any

from edgewright.core.device.target import Limits, Target
from edgewright.errors import UsageError


@cache
def table(name: str) -> dict[str, Any]:
    """A parsed table, such as ``targets``."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def text(name: str) -> str:
    """A text that lies beside the tables."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def targets() -> dict[str, Target]:
    """All targets by name, in the table's order."""
    return {name: _target(name, row) for name, row in table("targets").items()}


def target(name: str) -> Target:
    """One target.

    Raises:
        UsageError: there is none of that name.
    """
    known = targets()
    if name not in known:
        raise UsageError(f"Unknown target {name!r}.", hint=f"Known targets: {', '.join(known)}.")
    return known[name]


def framework_name(spelling: str, others: Collection[str] = ()) -> str:
    """The one name of a framework for any of its known spellings; ``others`` are names that joined from outside.

    Raises:
        UsageError: no framework is spelled so.
    """
    rows = table("frameworks")
    if spelling in others:
        return spelling
    wanted = spelling.strip().lower().replace("-", "_")
    for name, row in rows.items():
        if wanted == name or wanted in row["spellings"]:
            return name
    raise UsageError(f"Unknown framework {spelling!r}.", hint=f"Known: {', '.join(rows)}.")


def format_of(framework: str) -> str:
    """What builds of a framework are called outside; empty for a framework that is in no table."""
    return str(table("frameworks").get(framework, {}).get("format", ""))


def _target(name: str, row: dict[str, Any]) -> Target:
    limits = Limits(**row.get("limits", {}))
    lists = {key: tuple(row.get(key, ())) for key in ("frameworks", "strategy", "measurable_on")}
    return Target(
        name=name,
        title=row["title"],
        limits=limits,
        primary=row["primary"],
        fallback=row["fallback"],
        reason=row["reason"],
        **lists,
    )
