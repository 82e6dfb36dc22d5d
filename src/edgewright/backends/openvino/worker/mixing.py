"""An allocation of types to tensor groups, as passes of NNCF: each compresses the matrices of one type."""

from __future__ import annotations

import re
from typing import Any

from edgewright.core.recipe.allocation import named_types
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD
from edgewright.errors import UnsupportedError

_ENDS = {EMBEDDING: "model.embed_tokens", HEAD: "lm_head"}
_USES = {"MatMul": 1, "Gather": 0}
"""Operations that read weights, and the input that they read them by."""


def compress(model: Any, allocation: str) -> Any:
    """The model with every named matrix in its type; what is not named stays as it is.

    A pass leaves compressed matrices alone, because it looks at floating-point weights only.

    Raises:
        UnsupportedError: a named module has no matrix in this graph.
    """
    import nncf

    types = named_types(allocation)
    weights = _weights(model)
    kinds: dict[str, str] = {}
    for module, kind in types.items():
        inside = re.compile(rf"(^|[./]){re.escape(_ENDS.get(module, module))}/")
        read = {weight for reader, weight in weights.items() if inside.search(reader)}
        if not read:
            raise UnsupportedError(f"The exported graph has no matrix for {module}.")
        kinds |= dict.fromkeys(read, kind)
    for kind in sorted(set(types.values())):
        mode, _, group = kind.partition(":")
        others = sorted(reader for reader, weight in weights.items() if kinds.get(weight) != kind)
        model = nncf.compress_weights(
            model,
            mode=nncf.CompressWeightsMode(mode),
            ignored_scope=nncf.IgnoredScope(names=others, validate=False),
            **({"group_size": int(group), "ratio": 1.0, "all_layers": True} if group else {}),
        )
    return model


def _weights(model: Any) -> dict[str, str]:
    """The constant that each operation reads its weights from, both by friendly name; a tied matrix has two readers."""
    found = {}
    for node in model.get_ops():
        port = _USES.get(node.get_type_name())
        weight = None if port is None else _constant(node.input_value(port))
        if weight is not None:
            found[str(node.get_friendly_name())] = str(weight.get_friendly_name())
    return found


def _constant(output: Any) -> Any | None:
    node = output.get_node()
    while node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    return node if node.get_type_name() == "Constant" else None
