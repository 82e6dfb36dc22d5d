"""An architecture's settings, each read once. Settings that no reader asked for are named instead of being lost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgewright.core.quoted import quoted


class UnmappedError(Exception):
    """Something in a GGUF file that has no counterpart in Hugging Face's terms; the message names it."""


class Settings:
    """Settings by their names without the architecture's; tensors of numbers that are settings, too."""

    def __init__(self, values: Mapping[str, Any], factors: Mapping[str, Any]) -> None:
        self._values = dict(values)
        self._factors = dict(factors)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def take(self, name: str, default: Any = None) -> Any:
        """A single value; the default where the file has none.

        Raises:
            UnmappedError: the file has one for each layer, and they differ.
        """
        found = self._values.pop(name, default)
        if isinstance(found, np.ndarray):
            kinds = set(found.tolist())
            if len(kinds) != 1:
                raise UnmappedError(f"{name} differs between layers")
            return kinds.pop()
        return found

    def number(self, name: str, default: float | None = None) -> float:
        """A value that has to be a number.

        Raises:
            UnmappedError: it is missing, or something else.
        """
        found = self.take(name, default)
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise UnmappedError(f"{name} is {'missing' if found is None else quoted(found)}")
        return found

    def factors(self, name: str) -> list[float] | None:
        """A tensor of numbers that is a setting; None where the file has none."""
        found = self._factors.pop(name, None)
        return None if found is None else [float(value) for value in found]

    def rest(self) -> tuple[str, ...]:
        """What was never asked for."""
        return (*self._values, *self._factors)
