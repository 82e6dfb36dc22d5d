"""A toolchain's direct requirements, and its lock brought up to what was resolved from them. Pure.

A line of requirements.in is what pip takes, a comment, or ``without NAME==VERSION`` for a dependency that is left out on purpose:
an empty package of that version takes its place while pip resolves.
Law: a lock keeps its comments, its order, its spelling of names and its markers. A pin whose marker is of another system
cannot be resolved here, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?P<marker>\s*;.*)?")
_WITHOUT = "without "


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """``asked`` goes to pip; what is named in ``without``, with a version, nobody gets, whoever demands it."""

    asked: tuple[str, ...]
    without: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One package of a lock; ``old`` is empty where it is new, ``new`` where it goes."""

    package: str
    old: str
    new: str


def canonical(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_requirements(text: str) -> Requirements:
    """The content of a requirements.in."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    left_out = [line.removeprefix(_WITHOUT).partition("==") for line in lines if line.startswith(_WITHOUT)]
    return Requirements(
        asked=tuple(line for line in lines if line and not line.startswith(_WITHOUT)),
        without={canonical(name.strip()): version.strip() for name, _, version in left_out},
    )


def updated(lock: str, resolved: Mapping[str, str]) -> tuple[str, tuple[Change, ...]]:
    """The lock with the versions in ``resolved``, which is by the index's name of a package; and what that changes."""
    lines: list[str] = []
    changes: list[Change] = []
    seen: set[str] = set()
    for line in lock.splitlines():
        pin = _PIN.fullmatch(line.strip())
        if pin is None:
            lines.append(line)
            continue
        name, old, marker = pin["name"], pin["version"], pin["marker"] or ""
        seen.add(canonical(name))
        new = resolved.get(canonical(name), old if marker else "")
        if new:
            lines.append(f"{name}=={new}{marker}")
        if new != old:
            changes.append(Change(package=name, old=old, new=new))
    for name in sorted(resolved.keys() - seen):
        _insert(lines, name, resolved[name])
        changes.append(Change(package=name, old="", new=resolved[name]))
    return "\n".join(lines) + "\n", tuple(changes)


def _insert(lines: list[str], name: str, version: str) -> None:
    """Before the first pin that comes later in the alphabet."""
    for index, line in enumerate(lines):
        pin = _PIN.fullmatch(line.strip())
        if pin and canonical(pin["name"]) > name:
            lines.insert(index, f"{name}=={version}")
            return
    lines.append(f"{name}=={version}")
