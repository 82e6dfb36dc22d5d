"""What every use case that reads a model is told about it."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.inputs.models import Trust


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """What may be done with a model's files: unpickle weights, run Python code that comes with them."""

    allow_pickle: bool = False
    allow_remote_code: bool = False

    @property
    def trust(self) -> Trust:
        """The same, as the readers of models take it."""
        return Trust(allow_pickle=self.allow_pickle, allow_remote_code=self.allow_remote_code)
