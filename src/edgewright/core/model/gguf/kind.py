"""What a GGUF file is, where it is not a causal language model. Only those are built."""

from __future__ import annotations

from edgewright.core import knowledge
from edgewright.core.model.gguf.header import GgufHeader
from edgewright.errors import UnsupportedError

_HINT = "Give the GGUF file of a causal language model, or its Hugging Face directory."
_EMBEDDINGS = "token_embd.weight"


def demand_language_model(header: GgufHeader, name: str) -> None:
    """Refuse whatever does not generate text.

    Raises:
        UnsupportedError: with what it is.
    """
    what = _other(header)
    if what:
        raise UnsupportedError(f"{name} is {what}.", hint=_HINT)


def _other(header: GgufHeader) -> str:
    """What the file is instead of a causal language model; empty where it is one."""
    known = knowledge.table("gguf_kinds")
    kind, architecture = str(header.metadata.get("general.type", "")), header.architecture
    if kind in known["types"]:
        return str(known["types"][kind])
    if architecture in known["architectures"]:
        return str(known["architectures"][architecture])
    if not architecture:
        return "not a model: it names no architecture (general.architecture)"
    settings = header.of_architecture()
    if settings.get("attention.causal") is False or settings.get("pooling_type", 0) > 0:
        return "a text encoder (an embedding or ranking model)"
    if not header.tensors:
        return "a vocabulary without weights"
    if not any(tensor.name == _EMBEDDINGS for tensor in header.tensors):
        return f"not a supported language model: it has no tensor {_EMBEDDINGS}"
    return ""
