"""Facts of a Hugging Face directory from config.json and the headers of its safetensors files."""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgewright.core.model.facts import Modality, ModelFacts, Task, TensorShape
from edgewright.core.model.generators import ENCODERS, classes
from edgewright.core.model.lengths import turning_points
from edgewright.core.model.quantized import is_scale
from edgewright.core.model.safetensors import declared
from edgewright.core.model.weights import EMBEDDINGS, SAFETENSORS, Layout, passed_over, weight_names
from edgewright.core.quoted import quoted
from edgewright.errors import InputError
from edgewright.sites.local.documents import read_json, read_settings

_TASKS = (
    ("ForCausalLM", Task.TEXT_GENERATION),
    ("LMHeadModel", Task.TEXT_GENERATION),
    ("ForSequenceClassification", Task.TEXT_CLASSIFICATION),
    ("ForImageClassification", Task.IMAGE_CLASSIFICATION),
)
_HEADER_LIMIT = 100_000_000
_MOST = 2**40
"""No model has so many of anything that a configuration counts."""


def weight_files(directory: Path, layout: Layout = SAFETENSORS) -> list[Path]:
    """The files that hold the weights of the model in a directory, by the rule of `edgewright.core.model.weights`.

    Raises:
        InputError: the index cannot be read, or lists a file that is not there.
    """
    names = {file.name for file in directory.iterdir()}
    listed = None if layout.whole in names else _index(directory, layout)
    return [directory / name for name in weight_names(names, listed, layout)]


def other_save(directory: Path) -> str:
    """What else lies beside a complete file of weights, in words; see `edgewright.core.model.weights.passed_over`."""
    names = {file.name for file in directory.iterdir()}
    try:
        return passed_over(names, _index(directory, SAFETENSORS))
    except InputError:
        return f"{SAFETENSORS.whole} was read; {SAFETENSORS.index} in the same directory is not valid JSON"


def _index(directory: Path, layout: Layout) -> object:
    index = directory / layout.index
    return read_json(index) if index.exists() else None


def check(path: Path) -> list[TensorShape]:
    """The tensors that a file's header declares, after holding the header against the file's size.

    Raises:
        InputError: the file is truncated, or no safetensors file.
    """
    if not path.is_file():
        raise InputError(f"{path.name} is not a file.", hint="Download it again.")
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(size, _HEADER_LIMIT):
                raise ValueError("its header is longer than the file")
            tensors = declared(json.loads(stream.read(length)))
    except RecursionError as error:
        raise _unreadable(path, "its header is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "its header is not text") from error
    except json.JSONDecodeError as error:
        raise _unreadable(path, "its header is not JSON") from error
    except (struct.error, ValueError, OSError) as error:
        raise _unreadable(path, str(error)) from error
    whole = 8 + length + sum(tensor.stored_bytes for tensor in tensors)
    if whole != size:
        raise InputError(
            f"{path.name} is truncated: it has {size} bytes, but its header declares {whole}.",
            hint="Download it again.",
        )
    return tensors


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(f"{path.name} is not a readable safetensors file: {why}.", hint="Download it again.")


def read(path: Path) -> ModelFacts:
    """Facts of the model in a directory that was checked before."""
    config = read_settings(path / "config.json")
    tensors = [tensor for shard in weight_files(path) for tensor in check(shard)]
    return from_tensors(config, tensors)


def from_tensors(config: Mapping[str, Any], tensors: list[TensorShape]) -> ModelFacts:
    """Facts from a configuration's widths and the tensors' shapes; pickled weights are not looked into (no tensors)."""
    text = config.get("text_config")
    inner: Mapping[str, Any] = text if isinstance(text, Mapping) and text else config
    stored_output = any(t.name == "lm_head.weight" for t in tensors)
    tied = bool(config.get("tie_word_embeddings", not stored_output))
    counted = [t for t in tensors if not (tied and t.name == "lm_head.weight") and not is_scale(t.name)]
    heads = _count(inner, "num_attention_heads", "n_head")
    hidden = _count(inner, "hidden_size", "n_embd")
    architecture = next(iter(classes(config)), "unknown")
    return ModelFacts(
        task=_task(architecture, str(config.get("model_type", ""))),
        modality=_modality(config, architecture),
        architecture=architecture,
        model_type=str(config.get("model_type", "unknown")),
        parameters=sum(t.elements for t in counted),
        embedding_parameters=sum(t.elements for t in counted if _embeds(t.name)),
        layers=_count(inner, "num_hidden_layers", "n_layer"),
        hidden_size=hidden,
        intermediate_size=_count(inner, "intermediate_size", "n_inner"),
        heads=heads,
        kv_heads=_count(inner, "num_key_value_heads") or heads,
        head_size=_count(inner, "head_dim") or (hidden // heads if heads else 0),
        vocabulary=_count(inner, "vocab_size"),
        context=_count(inner, "max_position_embeddings", "n_positions"),
        dtype=common_dtype(counted),
        weight_bytes=sum(t.stored_bytes for t in tensors),
        tied_embeddings=tied,
        experts=_count(inner, "num_local_experts", "num_experts", "n_routed_experts"),
        row_sizes=row_sizes(counted),
        turning_points=turning_points(config),
    )


def _count(config: Mapping[str, Any], *names: str) -> int:
    """The first of these settings that is set; 0 where none is.

    Raises:
        InputError: it is not a number, or one that counts nothing.
    """
    for name in names:
        found = config.get(name)
        if isinstance(found, list) and found:  # one a layer: the widest decides what fits
            found = max((n for n in found if isinstance(n, int)), default=None)
        if not found:
            continue
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < _MOST:
            raise InputError(f"config.json says {name}: {quoted(found)}, which is not a valid count.")
        return int(found)
    return 0


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
    return name.endswith((*EMBEDDINGS, "token_embd.weight"))


def _task(architecture: str, model_type: str) -> Task:
    for ending, task in _TASKS:
        if architecture.endswith(ending):
            return task
    if model_type in ENCODERS:
        return Task.FEATURE_EXTRACTION
    # A configuration that names no class is loaded by its model type, as a text generator.
    return Task.TEXT_GENERATION if architecture == "unknown" and model_type else Task.OTHER


def _modality(config: Mapping[str, Any], architecture: str) -> Modality:
    if "vision_config" in config or "audio_config" in config:
        return Modality.MULTIMODAL
    return Modality.IMAGE if "Image" in architecture else Modality.TEXT
