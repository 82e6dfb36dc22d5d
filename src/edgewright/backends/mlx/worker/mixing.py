"""An allocation of types to tensor groups, as the predicate by which mlx-lm quantizes each module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgewright.core.recipe.allocation import named_types
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD

_ENDS = {"model.embed_tokens": EMBEDDING, "lm_head": HEAD}


def predicate(allocation: str) -> Callable[[str, Any], bool | dict[str, int]]:
    """By a module's path: bits and group size, or False where the allocation does not name it."""
    types = named_types(allocation)

    def chosen(path: str, module: Any) -> bool | dict[str, int]:
        del module
        kind = types.get(_ENDS.get(path, path))
        if kind is None:
            return False
        bits, _, group = kind.partition("g")
        return {"bits": int(bits), "group_size": int(group)}

    return chosen
