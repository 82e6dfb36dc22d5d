"""Energy counters of the processor under Linux: RAPL, on Intel and AMD alike. Those of other devices are elsewhere.

Law: nothing is counted twice. Packages hold their cores, `psys` holds the packages, DRAM stands beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RAPL = Path("/sys/class/powercap")
PROCESSOR, ACCELERATOR = "processor", "accelerator"

Joules = Callable[[], float]


def _nothing() -> None:
    """Where there is nothing to end."""


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Something that counts joules; `read` raises OSError where it no longer does.

    ``wraps_at`` is where it begins again, ``idles`` whether it counts the idle machine's power too, ``covers`` which
    devices' work is in it. ``end`` frees what it holds.
    """

    scope: str
    read: Joules
    covers: frozenset[str] = frozenset({PROCESSOR})
    wraps_at: float | None = None
    idles: bool = True
    end: Callable[[], None] = _nothing


@dataclass(frozen=True, kw_only=True)
class Found:
    """Counters that can be read, and in words why others cannot."""

    counters: tuple[Counter, ...] = ()
    lack: str = ""

    def __add__(self, other: Found) -> Found:
        lacks = [lack for lack in (self.lack, other.lack) if lack]
        return Found(counters=self.counters + other.counters, lack="; ".join(lacks))


@dataclass(frozen=True, kw_only=True)
class _Zone:
    path: Path
    name: str
    counter: Counter | None
    denied: bool = False


def rapl(root: Path = RAPL) -> Found:
    """All packages with their DRAM; the platform (`psys`) where there is no package. Half a machine is not a figure."""
    zones = [_zone(path) for path in sorted(root.glob("intel-rapl:*"))]
    if not zones:
        return Found(lack="no RAPL counter: most virtual machines have none")
    packages = [zone for zone in zones if zone.name.startswith("package")]
    whole = packages or [zone for zone in zones if zone.name == "psys"]
    if whole and all(zone.counter for zone in whole):
        parts = [zone for zone in zones if zone.name == "dram"] if packages else []
        return Found(counters=tuple(zone.counter for zone in (*whole, *parts) if zone.counter))
    if any(zone.denied for zone in zones):
        return Found(lack=f"no permission to read the RAPL counters below {root}")
    return Found(lack=f"the RAPL counters below {root} cannot be read: containers hide them")


def _zone(path: Path) -> _Zone:
    name = ""
    try:
        name = (path / "name").read_text(encoding="ascii").strip()
        wraps_at = _microjoules(path / "max_energy_range_uj")
        read = _reader(path / "energy_uj")
        read()
    except PermissionError:
        return _Zone(path=path, name=name, counter=None, denied=True)
    except (OSError, ValueError):
        return _Zone(path=path, name=name, counter=None)
    counter = Counter(scope=f"RAPL {_told(path, name)}", read=read, wraps_at=wraps_at)
    return _Zone(path=path, name=name, counter=counter)


def _told(path: Path, name: str) -> str:
    """A part of a package is named with it: ``intel-rapl:0:2`` is a part of zone 0."""
    whole, _, part = path.name.removeprefix("intel-rapl:").partition(":")
    return f"{name} of zone {whole}" if part else name


def _microjoules(path: Path) -> float:
    return int(path.read_text(encoding="ascii")) / 1e6


def _reader(path: Path) -> Joules:
    return lambda: _microjoules(path)
