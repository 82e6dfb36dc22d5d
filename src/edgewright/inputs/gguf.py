"""Facts of a GGUF file, or of all parts of a split one, from its metadata and tensor table."""

from __future__ import annotations

import mmap
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from edgewright.core.model.facts import GgufOrigin, Modality, ModelFacts, Task, TensorShape
from edgewright.core.model.gguf.header import MAGIC, GgufHeader, parse_gguf
from edgewright.core.model.gguf.kind import demand_language_model
from edgewright.core.model.gguf.mapping import MappedModel, Unmapped, map_model, read_factors
from edgewright.core.model.gguf.parts import join_parts, model_name, part_names
from edgewright.core.quoted import quoted
from edgewright.errors import InputError
from edgewright.inputs.safetensors import common_dtype, row_sizes

_MOST = 2**40
"""No model has so many of anything that its settings count."""
_NAMED = 6
"""Files that are listed by name."""


def is_gguf(path: Path) -> bool:
    """Whether a file begins as GGUF files do, whatever it is called."""
    with suppress(OSError), path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC
    return False


def gguf_files(path: Path) -> list[Path]:
    """All files of the model that a GGUF file belongs to, the first part first.

    Raises:
        InputError: a part is not there.
    """
    names = part_names(path.name, {file.name for file in path.parent.iterdir()})
    return [path.with_name(name) for name in names]


def only_model(directory: Path) -> Path | None:
    """The file of the one GGUF model in a directory, of a split one the first part; None where there is no GGUF file.

    Raises:
        InputError: there are several models.
    """
    names = sorted(file.name for file in directory.iterdir() if file.suffix.lower() == ".gguf")
    models = {model_name(name): name for name in reversed(names)}
    if len(models) > 1:
        first = sorted(models.values())
        told = ", ".join(first[:_NAMED]) + (f" and {len(first) - _NAMED} more" if len(first) > _NAMED else "")
        raise InputError(
            f"{directory} contains {len(models)} GGUF models; it is not clear which one to use: {told}.",
            hint="Give the file of one of them.",
        )
    return next((directory / name for name in models.values()), None)


def read(path: Path) -> ModelFacts:
    """Facts of a language model in a GGUF file.

    Raises:
        InputError: no GGUF file, or a truncated, damaged or incomplete one.
        UnsupportedError: it is not a causal language model, or of a version or byte order that is not read.
    """
    files = gguf_files(path)
    seen = tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    return _read(path.name, seen)


@lru_cache(maxsize=4)
def _read(name: str, seen: tuple[tuple[str, int, int], ...]) -> ModelFacts:
    """Kept while the files are the same: locating a model and reading its facts are two steps."""
    headers: list[GgufHeader] = []
    factors: dict[str, Any] = {}
    for file, _, _ in seen:
        header, more = _header(Path(file))
        headers.append(header)
        factors |= more
    header = join_parts(headers, name)
    demand_language_model(header, name)
    return _facts(header, map_model(header, factors))


def _header(file: Path) -> tuple[GgufHeader, dict[str, Any]]:
    with file.open("rb") as stream:
        if not file.stat().st_size:
            raise InputError(f"{file.name} is empty.", hint="Download it again.")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
            header = parse_gguf(view, file.name)
            return header, read_factors(header.tensors, view)


def _facts(header: GgufHeader, mapped: MappedModel | Unmapped) -> ModelFacts:
    settings = header.of_architecture()
    tensors = [
        TensorShape(name=t.name, shape=t.shape, dtype=t.type.name, stored_bytes=t.size_bytes)
        for t in header.tensors
    ]
    config = mapped.config if isinstance(mapped, MappedModel) else {}
    heads, hidden = _number(settings, "attention.head_count"), _number(settings, "embedding_length")
    embedding = next(t for t in tensors if t.name == "token_embd.weight")
    parameters = sum(t.elements for t in tensors)
    weight_bytes = sum(t.stored_bytes for t in tensors)
    return ModelFacts(
        task=Task.TEXT_GENERATION,
        modality=Modality.TEXT,
        architecture=config["architectures"][0] if config else header.architecture,
        model_type=str(config.get("model_type", header.architecture)),
        parameters=parameters,
        embedding_parameters=embedding.elements,
        layers=_number(settings, "block_count"),
        hidden_size=hidden,
        intermediate_size=_number(settings, "feed_forward_length"),
        heads=heads,
        kv_heads=_number(settings, "attention.head_count_kv", heads),
        head_size=_number(settings, "attention.key_length", hidden // heads if heads else 0),
        vocabulary=embedding.shape[0],
        context=_number(settings, "context_length"),
        dtype=common_dtype(tensors),
        weight_bytes=weight_bytes,
        tied_embeddings=all(t.name != "output.weight" for t in tensors),
        experts=_number(settings, "expert_count"),
        row_sizes=row_sizes(tensors),
        gguf=GgufOrigin(
            architecture=header.architecture,
            type=common_dtype(tensors),
            bits_per_weight=8 * weight_bytes / parameters,
            unmapped=mapped.reason if isinstance(mapped, Unmapped) else "",
        ),
    )


def _number(settings: dict[str, Any], name: str, default: int = 0) -> int:
    """A setting; of one that differs between layers the largest.

    Raises:
        InputError: a number that counts nothing.
    """
    found = settings.get(name, default)
    if isinstance(found, np.ndarray):
        found = found.max().item() if found.size else default
    if isinstance(found, int | float) and not isinstance(found, bool):
        if not 0 <= found < _MOST:
            raise InputError(f"The GGUF file says {name}: {quoted(found)}, which is not a valid count.")
        return int(found)
    return default


def begin_ids(path: Path) -> tuple[int, ...]:
    """What the tokenizer in a GGUF file puts before a text: by its own word, or by its kind's default in llama.cpp."""
    metadata = _header(path)[0].metadata
    default = metadata.get("tokenizer.ggml.model") == "llama"
    begins = metadata.get("tokenizer.ggml.add_bos_token", default)
    bos = metadata.get("tokenizer.ggml.bos_token_id")
    return (int(bos),) if begins and bos is not None else ()
