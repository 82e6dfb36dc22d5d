"""The reference's parent half: it has no candidates, it is what candidates are measured against."""

from __future__ import annotations

from pathlib import Path

from edgewright.backends.declared import Declared
from edgewright.core import knowledge
from edgewright.core.decision.assessment import Fit
from edgewright.core.model import gguf
from edgewright.core.model.facts import ModelFacts, Task
from edgewright.core.recipe.recipes import Recipe


class TorchBackend(Declared):
    """See `edgewright.ports.Backend`."""

    folder = Path(__file__).parent
    name = "torch"
    worker = "edgewright.backends.torch.worker"
    also = (Path(gguf.__file__).parent, Path(knowledge.__file__).parent)

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
