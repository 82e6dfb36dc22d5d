"""A lock: the requirements file that pip installs a half of a toolchain from. Each pin has a version and file hashes.

Law: `read_lock` understands what ``make locks`` writes: options, comments, and pins whose hashes stand on lines of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>[^\\]*?)\s*)?\\?")
_HASH = re.compile(r"--hash=sha256:(?P<digest>[0-9a-f]{64})\s*\\?")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One package of a lock, with the SHA-256 of each file of it that may be installed."""

    name: str
    version: str
    marker: str = ""
    hashes: tuple[str, ...] = ()


def canonical(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(text: str) -> tuple[Pin, ...]:
    """The pins of a lock, in their order.

    Raises:
        ValueError: a line is no comment, no option, no pin and no hash.
    """
    pins: list[tuple[Pin, list[str]]] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith(("#", "--only-binary", "--no-binary")):
            continue
        if (found := _HASH.fullmatch(line)) and pins:
            pins[-1][1].append(found["digest"])
        elif found := _PIN.fullmatch(line):
            pins.append((Pin(name=found["name"], version=found["version"], marker=found["marker"] or ""), []))
        else:
            raise ValueError(f"line {number} is neither a pin nor a hash: {line}")
    return tuple(
        Pin(name=pin.name, version=pin.version, marker=pin.marker, hashes=tuple(hashes))
        for pin, hashes in pins
    )


def content(text: str) -> tuple[str, ...]:
    """A lock's lines without comments: what its digest covers."""
    return tuple(
        line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )
