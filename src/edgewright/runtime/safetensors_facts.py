"""Facts of a Hugging Face directory from config.json and the headers of its safetensors files."""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgewright.core.lengths import turning_points
from edgewright.core.model import Modality, ModelFacts, Task, TensorShape
from edgewright.core.weights import SAFETENSORS, Layout, weight_names
from edgewright.errors import InputError

_TASKS = (
    ("ForCausalLM", Task.TEXT_GENERATION),
    ("LMHeadModel", Task.TEXT_GENERATION),
    ("ForSequenceClassification", Task.TEXT_CLASSIFICATION),
    ("ForImageClassification", Task.IMAGE_CLASSIFICATION),
)
_ENCODERS = {"bert", "roberta", "mpnet", "distilbert", "xlm-roberta", "modernbert", "deberta-v2", "albert"}
_HEADER_LIMIT = 100_000_000


def weight_files(directory: Path, layout: Layout = SAFETENSORS) -> list[Path]:
    """The files that hold the weights of the model in a directory, by the rule of `edgewright.core.weights`.

    Raises:
        InputError: the index cannot be read, or lists a file that is not there.
    """
    index = directory / layout.index
    try:
        listed = json.loads(index.read_text(encoding="utf-8")) if index.exists() else None
    except (ValueError, OSError) as error:
        raise InputError(f"{index} is no valid JSON.", hint="Download it again.") from error
    names = {file.name for file in directory.iterdir()}
    return [directory / name for name in weight_names(names, listed, layout)]


def check(path: Path) -> list[TensorShape]:
    """The tensors that a file's header declares, after holding the header against the file's size.

    Raises:
        InputError: the file is truncated, or no safetensors file.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(size, _HEADER_LIMIT):
                raise ValueError("its header is longer than the file")
            header: dict[str, Any] = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path.name} is no readable safetensors file: {error}.", hint="Download it again."
        ) from error
    if 8 + length + end != size:
        raise InputError(
            f"{path.name} is truncated: {size} bytes are there, its header declares {8 + length + end}.",
            hint="Download it again.",
        )
    return [
        TensorShape(
            name=name,
            shape=tuple(entry["shape"]),
            dtype=str(entry["dtype"]).lower(),
            stored_bytes=entry["data_offsets"][1] - entry["data_offsets"][0],
        )
        for name, entry in header.items()
    ]


def read(path: Path) -> ModelFacts:
    """Facts of the model in a directory that was checked before."""
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    tensors = [tensor for shard in weight_files(path) for tensor in check(shard)]
    return from_tensors(config, tensors)


def from_tensors(config: Mapping[str, Any], tensors: list[TensorShape]) -> ModelFacts:
    """Facts from a configuration's widths and the tensors' shapes; pickled weights are not looked into (no tensors)."""
    inner: Mapping[str, Any] = config.get("text_config") or config
    stored_output = any(t.name == "lm_head.weight" for t in tensors)
    tied = bool(config.get("tie_word_embeddings", not stored_output))
    counted = [t for t in tensors if not (tied and t.name == "lm_head.weight")]
    heads = int(inner.get("num_attention_heads") or inner.get("n_head") or 0)
    hidden = int(inner.get("hidden_size") or inner.get("n_embd") or 0)
    architecture = (config.get("architectures") or ["unknown"])[0]
    return ModelFacts(
        task=_task(architecture, str(config.get("model_type", ""))),
        modality=_modality(config, architecture),
        architecture=architecture,
        model_type=str(config.get("model_type", "unknown")),
        parameters=sum(t.elements for t in counted),
        embedding_parameters=sum(t.elements for t in counted if _embeds(t.name)),
        layers=int(inner.get("num_hidden_layers") or inner.get("n_layer") or 0),
        hidden_size=hidden,
        intermediate_size=int(inner.get("intermediate_size") or inner.get("n_inner") or 0),
        heads=heads,
        kv_heads=int(inner.get("num_key_value_heads") or heads),
        head_size=int(inner.get("head_dim") or (hidden // heads if heads else 0)),
        vocabulary=int(inner.get("vocab_size") or 0),
        context=int(inner.get("max_position_embeddings") or inner.get("n_positions") or 0),
        dtype=common_dtype(counted),
        weight_bytes=sum(t.stored_bytes for t in tensors),
        tied_embeddings=tied,
        experts=int(
            inner.get("num_local_experts") or inner.get("num_experts") or inner.get("n_routed_experts") or 0
        ),
        row_sizes=row_sizes(counted),
        turning_points=turning_points(config),
    )


def row_sizes(tensors: Iterable[TensorShape]) -> tuple[tuple[int, int], ...]:
    """Row lengths of the matrices, with the parameters that have each."""
    rows: Counter[int] = Counter()
    for tensor in tensors:
        if len(tensor.shape) >= 2:
            rows[tensor.shape[-1]] += tensor.elements
    return tuple(sorted(rows.items()))


def common_dtype(tensors: Iterable[TensorShape]) -> str:
    """The dtype that holds most elements."""
    counts: Counter[str] = Counter()
    for tensor in tensors:
        counts[tensor.dtype] += tensor.elements
    return counts.most_common(1)[0][0] if counts else "unknown"


def _embeds(name: str) -> bool:
    return any(part in name for part in ("embed_tokens", "word_embeddings", "wte.", "token_embd", "embed_in"))


def _task(architecture: str, model_type: str) -> Task:
    for ending, task in _TASKS:
        if architecture.endswith(ending):
            return task
    return Task.FEATURE_EXTRACTION if model_type in _ENCODERS else Task.OTHER


def _modality(config: Mapping[str, Any], architecture: str) -> Modality:
    if "vision_config" in config or "audio_config" in config:
        return Modality.MULTIMODAL
    return Modality.IMAGE if "Image" in architecture else Modality.TEXT
