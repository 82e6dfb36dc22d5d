"""An allocation of types to tensor groups, in the names of a GGUF file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgewright.backends.llamacpp.worker import conversion
from edgewright.core.recipe.allocation import named_types
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD
from edgewright.errors import UnsupportedError

_ENDS = {EMBEDDING: "token_embd", HEAD: "output"}


def tensor_types(allocation: str, model: Path) -> dict[str, str]:
    """The type of each tensor in ``model`` that an allocation (``group=TYPE;group=TYPE``) names.

    Raises:
        UnsupportedError: a group has no tensor in this file.
    """
    gguf = conversion.gguf()
    reader: Any = gguf.GGUFReader(str(model))
    present = {tensor.name for tensor in reader.tensors}
    architecture = _text(reader, "general.architecture")
    kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
    blocks = int(reader.fields[f"{architecture}.block_count"].contents())
    names = gguf.get_tensor_name_map(kinds[architecture], blocks)
    types: dict[str, str] = {}
    for module, wanted in named_types(allocation).items():
        name = f"{_ENDS.get(module) or names.get_name(module)}.weight"
        if name not in present:
            raise UnsupportedError(f"The GGUF file has no tensor for {module}.")
        types[name] = wanted
    return types


def _text(reader: Any, key: str) -> str:
    return str(reader.fields[key].contents())
