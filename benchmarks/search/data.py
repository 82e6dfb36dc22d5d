"""The exhaustive measurement as it is stored: what was measured, and what predictions start from; no prediction itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgewright.codec import dump, load
from edgewright.core.model.facts import ModelFacts
from edgewright.core.recipe.sensitivity import Sensitivity

FILE = Path(__file__).parent / "smollm2.json"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One build: its figures, none where it failed, and the seconds that each step took.

    A search ``starts`` with some.
    """

    id: str
    starts: bool
    seconds: Mapping[str, float]
    figures: Mapping[str, float]
    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """One framework's builds, the unquantized one first, and the original's figures at the time."""

    measured: str
    machine: str
    original: Mapping[str, float]
    builds: tuple[Measured, ...]


@dataclass(frozen=True, kw_only=True)
class Data:
    """What a search is held against: a model, its sensitivity table, and every build of it by framework."""

    model: str
    facts: ModelFacts
    table: Sensitivity
    frameworks: Mapping[str, Part] = field(default_factory=dict)


def read() -> Data | None:
    """What was measured so far; None where nothing was."""
    return load(Data, FILE.read_bytes()) if FILE.is_file() else None


def add(data: Data, framework: str, part: Part) -> None:
    """Put one framework's builds beside those of the others."""
    known = read() or data
    whole = replace(data, frameworks={**known.frameworks, framework: part})
    FILE.write_bytes(dump(whole, indent=1) + b"\n")
