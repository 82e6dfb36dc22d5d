"""A GGUF file's model in Transformers' terms: every setting and every tensor has its place, or one that has none is named.

Law: nothing is guessed and nothing is left over. A file that is not mapped whole is not mapped at all: it runs in llama.cpp.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from edgewright.core import knowledge
from edgewright.core.model.gguf.header import Buffer, GgufHeader, GgufTensor
from edgewright.core.model.gguf.rope import FREQUENCIES, LONG, SHORT, rope_parameters
from edgewright.core.model.gguf.settings import Settings, UnmappedError
from edgewright.core.model.gguf.windows import finish_gemma2, finish_gemma3
from edgewright.errors import InputError

_ENDS = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_FACTORS = frozenset({FREQUENCIES, LONG, SHORT})
_LAYER = re.compile(r"blk\.(\d+)\.([\w.]+)\.(weight|bias)")
_FINISH: Mapping[str, Callable[[dict[str, Any], Settings], None]] = {
    "gemma2": finish_gemma2,
    "gemma3": finish_gemma3,
}


class Change(StrEnum):
    """What turns a tensor of the file into a weight of Transformers' model."""

    NONE = "none"
    UNPERMUTED = "unpermuted"
    """Rows of each head: llama.cpp rotates neighbours, Transformers halves. ``number`` is the count of heads."""
    LESS_ONE = "less one"
    """The file stores 1 + the norm's weight."""
    EXPERT = "expert"
    """One of the stacked matrices: ``number`` says which."""
    ZEROS = "zeros"
    """A bias that the model has as soon as others have one. ``number`` is its length."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One weight of the target: from which tensor, and what is done to it."""

    weight: str
    tensor: str
    change: Change = Change.NONE
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class MappedModel:
    """config.json without what the tokenizer knows, and where each weight comes from."""

    config: Mapping[str, Any]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Unmapped:
    """Why Transformers cannot be given this model: one sentence without its end."""

    reason: str


def map_model(header: GgufHeader, factors: Mapping[str, Any]) -> MappedModel | Unmapped:
    """The model of a header; ``factors`` are its rope tensors by name (`read_factors`).

    Raises:
        InputError: a tensor that every layer needs is missing.
    """
    settings = Settings(header.of_architecture(), factors)
    name = header.architecture
    try:
        if name == "llama" and settings.number("expert_count", 0):
            settings = Settings(header.of_architecture(), factors)
            name = "mixtral"
    except UnmappedError as error:
        return Unmapped(reason=f"its {error} has no known counterpart in Transformers")
    family = knowledge.table("gguf_families").get(name)
    if family is None or name == "common":
        return Unmapped(reason=f"the architecture {header.architecture} is not mapped to Transformers yet")
    try:
        config = _config(family, settings, header)
        finish = _FINISH.get(name)
        if finish:
            finish(config, settings)
        pieces = _pieces(family, config, header)
    except UnmappedError as error:
        return Unmapped(reason=f"its {error} has no known counterpart in Transformers")
    if rest := settings.rest():
        return Unmapped(reason=f"its setting {rest[0]} has no known counterpart in Transformers")
    return MappedModel(config=config, pieces=pieces)


def read_factors(tensors: Iterable[GgufTensor], data: Buffer) -> dict[str, Any]:
    """The rope tensors among those that lie in a file's bytes, float32."""
    found = {}
    for tensor in tensors:
        if tensor.name in _FACTORS and tensor.type.name == "f32":
            raw = bytes(data[tensor.offset : tensor.offset + tensor.size_bytes])
            found[tensor.name] = np.frombuffer(raw, dtype="<f4")
    return found


def _config(family: Mapping[str, Any], settings: Settings, header: GgufHeader) -> dict[str, Any]:
    config: dict[str, Any] = {"architectures": [family["class"]], "model_type": family["model_type"]}
    for name, theirs in {**knowledge.table("gguf_families")["common"], **family.get("settings", {})}.items():
        value = settings.take(name)
        if theirs and value is not None:
            config[theirs] = value
    for needed in ("hidden_size", "num_hidden_layers", "num_attention_heads"):
        if not isinstance(config.get(needed), int) or config[needed] < 1:
            raise UnmappedError(f"{needed} is missing or not a positive number")
    if config["num_hidden_layers"] > len(header.tensors):
        raise InputError(
            f"The GGUF file declares {config['num_hidden_layers']} layers, but contains "
            f"{len(header.tensors)} tensors.",
            hint="Download it again.",
        )
    heads = config["num_attention_heads"]
    config["num_key_value_heads"] = int(settings.number("attention.head_count_kv", heads))
    config["head_dim"] = head = int(settings.number("attention.key_length", config["hidden_size"] // heads))
    if (values := int(settings.number("attention.value_length", head))) != head:
        raise UnmappedError(f"attention.value_length of {values} with a key length of {head}")
    rotated = int(settings.number("rope.dimension_count", head))
    if rotated != head and not family.get("partial_rotary"):
        raise UnmappedError(f"rope.dimension_count of {rotated} in heads of {head}")
    config["rope_parameters"] = rope_parameters(settings, rotated=rotated)
    if rotated != head:
        config["rope_parameters"]["partial_rotary_factor"] = config["partial_rotary_factor"] = rotated / head
    if config["rope_parameters"]["rope_type"] == "longrope":
        original = config["rope_parameters"]["original_max_position_embeddings"]
        config["original_max_position_embeddings"] = original
    names = {tensor.name: tensor for tensor in header.tensors}
    config["vocab_size"] = names["token_embd.weight"].shape[0]
    config["tie_word_embeddings"] = "output.weight" not in names
    for flag, modules in family.get("flags", {}).items():
        config[flag] = any(f"blk.0.{module}.bias" in names for module in modules)
    constants = family.get("constants", {})
    return {**config, **{key: None if value == "none" else value for key, value in constants.items()}}


def _pieces(family: Mapping[str, Any], config: Mapping[str, Any], header: GgufHeader) -> tuple[Piece, ...]:
    """A place for every tensor, and a tensor for every place."""
    found: dict[str, Piece] = {}
    for tensor in header.tensors:
        if tensor.name not in _FACTORS:
            for piece in _placed(family, config, tensor):
                found[piece.weight] = piece
    for layer in range(config["num_hidden_layers"]):
        for module, theirs in {**family["layer"], **family.get("experts", {})}.items():
            weight = f"model.layers.{layer}.{theirs}".format(expert=0)
            if f"{weight}.weight" not in found:
                raise InputError(
                    f"The GGUF file has no tensor blk.{layer}.{module}.weight.", hint="Download it again."
                )
            if _has_bias(family, config, module) and f"{weight}.bias" not in found:
                length = _rows(header, f"blk.{layer}.{module}.weight")
                found[f"{weight}.bias"] = Piece(
                    weight=f"{weight}.bias", tensor="", change=Change.ZEROS, number=length
                )
    for name in ("token_embd.weight", "output_norm.weight"):
        if _ENDS[name] not in found:
            raise InputError(f"The GGUF file has no tensor {name}.", hint="Download it again.")
    return tuple(found.values())


def _placed(family: Mapping[str, Any], config: Mapping[str, Any], tensor: GgufTensor) -> list[Piece]:
    if tensor.name in _ENDS:
        shifted = family.get("shifted_norms") and tensor.name == "output_norm.weight"
        change = Change.LESS_ONE if shifted else Change.NONE
        return [Piece(weight=_ENDS[tensor.name], tensor=tensor.name, change=change)]
    place = _LAYER.fullmatch(tensor.name)
    if place is None or int(place[1]) >= config["num_hidden_layers"]:
        raise UnmappedError(f"tensor {tensor.name}")
    layer, module, part = f"model.layers.{place[1]}", place[2], place[3]
    if module in family.get("experts", {}) and part == "weight":
        experts = config.get("num_local_experts") or config.get("num_experts")
        if len(tensor.shape) != 3 or tensor.shape[0] != experts:
            raise UnmappedError(f"tensor {tensor.name} of shape {list(tensor.shape)}")
        named = f"{layer}.{family['experts'][module]}.weight"
        return [
            Piece(weight=named.format(expert=number), tensor=tensor.name, change=Change.EXPERT, number=number)
            for number in range(tensor.shape[0])
        ]
    if module not in family["layer"] or (part == "bias" and not _has_bias(family, config, module)):
        raise UnmappedError(f"tensor {tensor.name}")
    weight = f"{layer}.{family['layer'][module]}.{part}"
    if family.get("permuted") and module in {"attn_q", "attn_k"}:
        heads = config["num_attention_heads" if module == "attn_q" else "num_key_value_heads"]
        return [Piece(weight=weight, tensor=tensor.name, change=Change.UNPERMUTED, number=heads)]
    shifted = family.get("shifted_norms") and module.endswith("_norm")
    return [Piece(weight=weight, tensor=tensor.name, change=Change.LESS_ONE if shifted else Change.NONE)]


def _has_bias(family: Mapping[str, Any], config: Mapping[str, Any], module: str) -> bool:
    flagged = any(config.get(flag) and module in modules for flag, modules in family.get("flags", {}).items())
    return flagged or module in family.get("biased", ())


def _rows(header: GgufHeader, name: str) -> int:
    return next(tensor.shape[0] for tensor in header.tensors if tensor.name == name)
