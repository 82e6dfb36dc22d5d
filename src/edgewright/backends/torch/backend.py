"""The reference's parent half: it has no candidates, it is what candidates are measured against."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from edgewright.backends.declared import code_digest, load_toolchain
from edgewright.core.assessment import Fit
from edgewright.core.model import ModelFacts, Task
from edgewright.core.recipe import Option, Recipe
from edgewright.core.toolchain import ToolchainSpec


class TorchBackend:
    """See `edgewright.ports.Backend`."""

    name = "torch"
    worker = "edgewright.backends.torch.worker"

    @cached_property
    def toolchain(self) -> ToolchainSpec:
        """The reference environment."""
        return load_toolchain(Path(__file__).parent)

    @cached_property
    def code_digest(self) -> str:
        """See `Backend.code_digest`."""
        return code_digest(Path(__file__).parent)

    def fit(self, facts: ModelFacts) -> Fit:
        """The reference reads what Transformers reads."""
        works = facts.task is Task.TEXT_GENERATION
        reason = (
            "the original runs here"
            if works
            else f"{facts.task} is not measured yet; only text generation is"
        )
        return Fit(framework=self.name, works=works, reasons=(reason,))

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """None: the baseline is not a candidate."""
        del facts
        return ()

    def accelerations(self, recipe: Recipe) -> tuple[Mapping[str, Option], ...]:
        """None: the baseline is run as it is."""
        del recipe
        return ()
