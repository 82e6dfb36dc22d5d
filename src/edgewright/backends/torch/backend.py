"""The reference's parent half: it has no candidates, it is what candidates are measured against."""

from __future__ import annotations

from pathlib import Path

from edgewright.backends.declared import Declared
from edgewright.core import knowledge
from edgewright.core.decision.assessment import Fit
from edgewright.core.model import gguf
from edgewright.core.model.facts import ModelFacts
from edgewright.core.recipe.recipes import Recipe


class TorchBackend(Declared):
    """See `edgewright.ports.Backend`."""

    folder = Path(__file__).parent
    name = "torch"
    worker = "edgewright.backends.torch.worker"
    also = (Path(gguf.__file__).parent, Path(knowledge.__file__).parent)

    def fit(self, facts: ModelFacts) -> Fit:
        """The reference reads what Transformers reads."""
        del facts
        return Fit(framework=self.name, works=True, reasons=("the original runs here",))

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """None: the baseline is not a candidate."""
        del facts
        return ()
