"""Facts of a GGUF file, by the reader of the format's own authors."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from edgewright.core.model import Modality, ModelFacts, Task, TensorShape
from edgewright.errors import InputError
from edgewright.runtime.safetensors_facts import common_dtype, row_sizes


def check(path: Path) -> Any:
    """A reader on a file whose tensors all lie within it.

    Raises:
        InputError: no GGUF file, or a truncated one.
    """
    from gguf import GGUFReader  # noqa: PLC0415  # numpy-heavy: only when a GGUF file is given

    with path.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise InputError(f"{path.name} is no GGUF file: it does not begin with the letters GGUF.")
    logging.getLogger("gguf").setLevel(logging.ERROR)
    try:
        reader = GGUFReader(path)
        end = max((int(t.data_offset) + int(t.n_bytes) for t in reader.tensors), default=0)
    except Exception as error:  # the reader runs off the end in many ways, each with its own exception
        raise InputError(
            f"{path.name} is truncated or damaged ({type(error).__name__}).", hint="Download it again."
        ) from error
    if not reader.tensors or end > path.stat().st_size:
        raise InputError(
            f"{path.name} is truncated: its tensors end beyond the file.", hint="Download it again."
        )
    return reader


def read(path: Path) -> ModelFacts:
    """Facts from the file's own metadata and tensor table."""
    reader = check(path)
    fields = reader.fields
    kind = str(_value(fields, "general.architecture", "unknown"))

    def number(name: str, default: int = 0) -> int:
        found = _value(fields, f"{kind}.{name}", default)
        return int(found[0] if isinstance(found, list) else found)

    tensors = [
        TensorShape(
            name=t.name,
            shape=tuple(int(size) for size in reversed(t.shape.tolist())),
            dtype=t.tensor_type.name.lower(),
            stored_bytes=int(t.n_bytes),
        )
        for t in reader.tensors
    ]
    heads, hidden = number("attention.head_count"), number("embedding_length")
    embedding = next((t for t in tensors if t.name == "token_embd.weight"), None)
    return ModelFacts(
        task=Task.TEXT_GENERATION,
        modality=Modality.TEXT,
        architecture=kind,
        model_type=kind,
        parameters=sum(t.elements for t in tensors),
        embedding_parameters=embedding.elements if embedding else 0,
        layers=number("block_count"),
        hidden_size=hidden,
        intermediate_size=number("feed_forward_length"),
        heads=heads,
        kv_heads=number("attention.head_count_kv", heads),
        head_size=number("attention.key_length", hidden // heads if heads else 0),
        vocabulary=embedding.shape[0] if embedding else number("vocab_size"),
        context=number("context_length"),
        dtype=common_dtype(tensors),
        weight_bytes=sum(t.stored_bytes for t in tensors),
        tied_embeddings=all(t.name != "output.weight" for t in tensors),
        experts=number("expert_count"),
        row_sizes=row_sizes(tensors),
    )


def _value(fields: Any, name: str, default: Any) -> Any:
    return fields[name].contents() if name in fields else default
