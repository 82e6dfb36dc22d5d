"""What makes two runtimes of one model differ, named by evidence or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgewright.app.steps.trace import trace
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.traces import first_difference
from edgewright.core.recipe.recipes import Option
from edgewright.ports import Backend, Context
from edgewright.reasons import Reason, because

_TOKENS = 48
"""Enough for positions and attention to matter, few enough to keep every layer's output in memory."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of two runtimes of a model."""

    backend: Backend
    artifact: str
    runtime: Mapping[str, Option]


def likely_cause(context: Context, original: Side, other: Side, ids: tuple[int, ...], log: Path) -> Reason:
    """Which layer differs first, or that it is not known why."""
    context.reporter.phase("searching for the first layer that differs")
    found = []
    for side in (original, other):
        layers = trace(context, side.backend, side.artifact, side.runtime, ids[:_TOKENS], log)
        if isinstance(layers, Failure):
            return because("layers_hidden", framework=side.backend.toolchain.title)
        found.append(layers)
    return first_difference(*found)
