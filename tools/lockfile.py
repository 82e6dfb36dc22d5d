"""A toolchain's direct requirements, and its locks brought up to what was resolved from them. Pure.

A line of a NAME.in is what pip takes, a comment, or ``without NAME==VERSION`` for a dependency that is left out on purpose:
an empty package of that version takes its place while pip resolves.
Law: a lock keeps its comments, its order, its spelling of names and its markers. A pin whose marker is of another system
cannot be resolved here, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgewright.core.device.lock import Pin, canonical

_WITHOUT = "without "
CPU = "+cpu"
_MARKERS = {"torch": 'sys_platform != "linux"', "torch+cpu": 'sys_platform == "linux"'}
"""Of new pins. Elsewhere than on Linux the package index's wheels of PyTorch are CPU builds already."""


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """``asked`` goes to pip; what is named in ``without``, with a version, nobody gets, whoever demands it."""

    asked: tuple[str, ...]
    without: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One package of a lock; ``old`` is empty where it is new, ``new`` where it goes. Versions, or counts of files."""

    package: str
    old: str
    new: str


def key_of(pin: Pin) -> str:
    """What a pin is known by: PyTorch's CPU build stands beside its other one."""
    return canonical(pin.name) + (CPU if pin.version.endswith(CPU) else "")


def read_requirements(text: str) -> Requirements:
    """The content of a NAME.in."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    left_out = [line.removeprefix(_WITHOUT).partition("==") for line in lines if line.startswith(_WITHOUT)]
    return Requirements(
        asked=tuple(line for line in lines if line and not line.startswith(_WITHOUT)),
        without={canonical(name.strip()): version.strip() for name, _, version in left_out},
    )


def merged(old: Sequence[Pin], versions: Mapping[str, str]) -> tuple[Pin, ...]:
    """The pins of a lock at the resolved ``versions``, which are by `key_of`; their hashes are not known yet."""
    pins = [
        replace(pin, version=version, hashes=())
        for pin in old
        if (version := versions.get(key_of(pin), pin.version if pin.marker else ""))
    ]
    for key in sorted(versions.keys() - {key_of(pin) for pin in old}):
        name = key.removesuffix(CPU)
        new = Pin(name=name, version=versions[key], marker=_MARKERS.get(key, ""))
        later = [index for index, pin in enumerate(pins) if canonical(pin.name) > name]
        pins.insert(later[0] if later else len(pins), new)
    return tuple(pins)


def rendered(old: str, pins: Sequence[Pin], source_only: Sequence[str]) -> str:
    """A lock's text: the comments that ``old`` begins with, what pip may take of each package, and the pins."""
    comments = [line for line in old.splitlines() if line.startswith("#")]
    options = ["--only-binary :all:", *(f"--no-binary {name}" for name in source_only)]
    lines = [_pin_lines(pin) for pin in pins]
    return "\n".join([*comments, *options, *lines]) + "\n"


def _pin_lines(pin: Pin) -> str:
    marker = f" ; {pin.marker}" if pin.marker else ""
    hashes = [f"    --hash=sha256:{digest}" for digest in sorted(pin.hashes)]
    return " \\\n".join([f"{pin.name}=={pin.version}{marker}", *hashes])


def changes(old: Sequence[Pin], new: Sequence[Pin]) -> tuple[Change, ...]:
    """What becomes other: versions, and where those stay the files that may be installed."""
    before, after = ({key_of(pin): pin for pin in pins} for pins in (old, new))
    found: list[Change] = []
    for key, pin in before.items():
        now = after.get(key)
        if now is None or now.version != pin.version:
            found.append(Change(package=pin.name, old=pin.version, new=now.version if now else ""))
        elif set(now.hashes) != set(pin.hashes):
            found.append(
                Change(package=pin.name, old=f"{len(pin.hashes)} files", new=f"{len(now.hashes)} files")
            )
    found += [
        Change(package=pin.name, old="", new=pin.version) for key, pin in after.items() if key not in before
    ]
    return tuple(found)
