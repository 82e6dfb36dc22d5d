"""What was made and measured so far: artifacts, scores, and rounds by their keys. Nothing is judged here."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.records import Block
from edgewright.core.measurement.rounds import EXPLORING, Phase, Round, RoundKey, counted
from edgewright.core.model.facts import Source
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.sensitivity import Sensitivity
from edgewright.ports import Journal


@dataclass
class Measurements:
    """``scores`` are the task's own records by trial, ``expected`` what conversions are held against.

    ``reference`` holds what the original put out; ``sources`` are pruned copies, ``made`` artifacts by recipe.

    A finished round is written to the journal; ``rng`` draws the order of arms.
    """

    journal: Journal
    rng: random.Random
    rounds: dict[RoundKey, Round]
    scores: dict[str, Any] = field(default_factory=dict)
    reference: Path | None = None
    expected: Any = None
    sources: dict[str, Source] = field(default_factory=dict)
    made: dict[str, Artifact] = field(default_factory=dict)
    sensitivity: Sensitivity | Failure | None = None
    type_seconds: dict[str, Mapping[str, float]] = field(default_factory=dict)

    def add_round(self, key: RoundKey, finished: Round) -> None:
        """Keep a finished round."""
        self.rounds[key] = finished
        self.journal.add_round(key, finished)

    def of(self, *phases: Phase, group: str | None = None) -> dict[RoundKey, Round]:
        """The rounds of some phases, or of one group in them, in the order in which they were measured."""
        return {
            key: one for key, one in self.rounds.items() if key.phase in phases and group in {None, key.group}
        }

    def blocks(self, trial: str) -> dict[RoundKey, Block]:
        """A trial's blocks of the exploration that count."""
        return counted(self.of(*EXPLORING), trial)

    def confirmed_blocks(self, trial: str, group: str) -> dict[RoundKey, Block]:
        """A trial's blocks of one confirmation that count."""
        return counted(self.of(Phase.CONFIRM, group=group), trial)
