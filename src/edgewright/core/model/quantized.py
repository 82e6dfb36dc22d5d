"""Weights that are quantized already: recognised by configuration, side files and the tensors themselves. Pure.

Law: what the tensors show counts, whatever config.json says; a float8 matrix without its scale is never read as numbers.
One kind is dequantized: FP8 matrices of two dimensions, each with one scale for the whole, for each row or for each block.
Everything else is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgewright.core.model.facts import TensorShape

SIDE_FILES = ("hf_quant_config.json", "quantize_config.json", "quant_config.json")
"""Files in which ModelOpt, GPTQ's and AWQ's tools say what they did."""

FLOAT8 = frozenset({"f8_e4m3", "f8_e5m2"})
SCALES = ("_scale_inv", "_scale")
"""What follows a weight's name in the name of its scale. Both are multiplied with: the inverse is that of the quantizer."""

SPARE = (".input_scale", ".k_scale", ".v_scale", ".activation_scale", ".q_scale", ".prob_scale")
"""Scales of activations and of the KV cache: they round what is computed, not what is stored."""

BLOCK = (128, 128)
"""Rows and columns of a block where nothing says otherwise."""

_CONFIGS = ("quantization_config", "compression_config", "quantization")
_SMALL = frozenset({"i8", "u8", "i16", "u16", "i32", "u32", "f4", "f6_e2m3", "f6_e3m2", "f8_e8m0"})
_PARTS = {
    ".qweight": "GPTQ or AWQ",
    ".qzeros": "GPTQ or AWQ",
    ".g_idx": "GPTQ",
    ".absmax": "bitsandbytes",
    ".quant_map": "bitsandbytes",
    ".SCB": "bitsandbytes",
    ".weight_packed": "compressed-tensors",
    ".weight_zero_point": "compressed-tensors",
    ".W_q": "HQQ",
    ".codebooks": "AQLM",
    "_blocks": "MXFP4",
}


@dataclass(frozen=True, kw_only=True)
class Quantized:
    """How weights are quantized, by which evidence; ``readable`` where they can be dequantized exactly."""

    method: str
    evidence: str
    readable: bool = False
    block: tuple[int, int] = BLOCK


def recognise(
    config: Mapping[str, Any], side: Mapping[str, object], tensors: Sequence[TensorShape]
) -> Quantized | None:
    """The quantization of a checkpoint; None where there is no sign of any.

    ``side`` holds what the files of `SIDE_FILES` say. Where there are no tensors (pickled weights, which are not
    looked into), the configuration decides alone.
    """
    declared = _declared(config, side)
    packed = _packed(tensors)
    if packed:
        return Quantized(method=declared.method or packed.method, evidence=packed.evidence)
    float8 = [t for t in tensors if t.dtype in FLOAT8 and not t.name.endswith((*SCALES, *SPARE))]
    if not float8:
        return declared if declared.evidence else None
    shapes = {tensor.name: tensor.shape for tensor in tensors}
    lacking = next((t.name for t in float8 if not _scaled(t, shapes, declared.block)), "")
    if lacking:
        evidence = f"{lacking} is float8 without a known scale"
        return Quantized(method=declared.method or "FP8", evidence=evidence)
    return Quantized(
        method=declared.method or "FP8",
        evidence=f"{float8[0].name} is float8",
        readable=True,
        block=declared.block,
    )


def scale_fits(weight: Sequence[int], scale: Sequence[int], block: tuple[int, int] = BLOCK) -> bool:
    """Whether a scale's shape is one for the whole matrix, one a row or one a block."""
    rows, columns = weight
    blocks = (-(-rows // block[0]), -(-columns // block[1]))
    return tuple(scale) in {(), (1,), (1, 1), (rows, 1), blocks}


def is_scale(name: str) -> bool:
    """Whether a tensor scales a weight or an activation, and is not a parameter of its own."""
    return name.endswith(SPARE) or name.endswith(tuple(f".weight{ending}" for ending in SCALES))


def scale_names(weight: str) -> tuple[str, ...]:
    """The names that a weight's scale may have."""
    return tuple(f"{weight}{ending}" for ending in SCALES)


def _scaled(tensor: TensorShape, shapes: Mapping[str, tuple[int, ...]], block: tuple[int, int]) -> bool:
    if len(tensor.shape) != 2:
        return False
    found = [shapes[name] for name in scale_names(tensor.name) if name in shapes]
    return len(found) == 1 and scale_fits(tensor.shape, found[0], block)


def _declared(config: Mapping[str, Any], side: Mapping[str, object]) -> Quantized:
    """What configuration and side files say; without evidence where they say nothing."""
    inner = config.get("text_config")
    for place in (config, inner if isinstance(inner, Mapping) else {}):
        for key in _CONFIGS:
            if place.get(key):
                return Quantized(
                    method=_method(place[key]), evidence=f"config.json has a {key}", block=_block(place[key])
                )
    for name, content in side.items():
        return Quantized(method=_method(content), evidence=f"{name} is in the same directory")
    return Quantized(method="", evidence="")


def _method(value: object) -> str:
    if not isinstance(value, Mapping):
        return ""
    inner = value.get("quantization")
    if isinstance(inner, Mapping):  # ModelOpt
        return f"ModelOpt {inner.get('quant_algo') or ''}".strip()
    if value.get("quant_method"):
        return str(value["quant_method"])
    return next((kind for key, kind in (("w_bit", "AWQ"), ("bits", "")) if key in value and kind), "")


def _block(value: object) -> tuple[int, int]:
    found = value.get("weight_block_size") if isinstance(value, Mapping) else None
    whole = isinstance(found, list) and len(found) == 2 and all(isinstance(n, int) and n > 0 for n in found)
    return (found[0], found[1]) if whole and isinstance(found, list) else BLOCK


def _packed(tensors: Iterable[TensorShape]) -> Quantized | None:
    """The first tensor that only a quantizer writes, or a matrix of small integers."""
    for tensor in tensors:
        part = next((method for ending, method in _PARTS.items() if tensor.name.endswith(ending)), "")
        if part:
            return Quantized(method=part, evidence=f"there is a tensor {tensor.name}")
        if tensor.dtype in _SMALL and len(tensor.shape) >= 2:
            return Quantized(method="", evidence=f"{tensor.name} contains packed numbers ({tensor.dtype})")
    return None
