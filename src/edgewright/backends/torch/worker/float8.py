"""FP8 checkpoints dequantized: each float8 matrix times its scale, in float32, as every runtime of them computes.

Law: what is read is what `edgewright.core.model.quantized` calls readable; a scale may lie in another file than its weight.
Scales of activations and of the KV cache round what is computed, not what is stored: they are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgewright.backends.torch.worker.tokenizer_files import read_json
from edgewright.core.model.facts import TensorShape
from edgewright.core.model.quantized import BLOCK, Quantized, is_scale, recognise, scale_names
from edgewright.errors import UnsupportedError

Weights = dict[str, Any]


def dequantizer(origin: Path, shards: Sequence[Path]) -> Callable[[Weights], Weights] | None:
    """What makes plain numbers of a file's tensors; None where they are plain."""
    from safetensors import safe_open

    if not all(shard.suffix == ".safetensors" for shard in shards):
        return None
    scales: Weights = {}
    tensors: list[TensorShape] = []
    for shard in shards:
        with safe_open(shard, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  # it is not a mapping
                part = file.get_slice(name)
                shape = tuple(part.get_shape())
                tensors.append(
                    TensorShape(name=name, shape=shape, dtype=part.get_dtype().lower(), stored_bytes=0)
                )
                if is_scale(name):
                    scales[name] = file.get_tensor(name)
    found = recognise(read_json(origin / "config.json"), {}, tensors)
    if found is None or not found.readable:
        return None
    return lambda weights: dequantize(weights, scales, found.block)


def dequantize(
    weights: Mapping[str, Any], scales: Mapping[str, Any], block: tuple[int, int] = BLOCK
) -> Weights:
    """Float8 matrices as float32, other tensors as they are, scales left out."""
    import torch

    kinds = (torch.float8_e4m3fn, torch.float8_e5m2)
    found: Weights = {}
    for name, weight in weights.items():
        if is_scale(name):
            continue
        if weight.dtype not in kinds:
            found[name] = weight
            continue
        scale = next(scales[key] for key in scale_names(name) if key in scales)
        found[name] = weight.to(torch.float32) * _spread(scale.to(torch.float32), weight.shape, block)
    return found


def plain(weights: Weights) -> Weights:
    """The same tensors, after a look at those of pickled files, into which nothing could look before.

    Raises:
        UnsupportedError: they are quantized.
    """
    found = recognise({}, {}, [_shape(name, weight) for name, weight in weights.items()])
    if found is not None:
        raise _refused(found)
    return weights


def _refused(found: Quantized) -> UnsupportedError:
    return UnsupportedError(
        f"The weights are already quantized ({found.method or 'packed'}): {found.evidence}.",
        hint="Give the unquantized original: every build is made from it and compared with it.",
    )


def _shape(name: str, weight: Any) -> TensorShape:
    kind = str(weight.dtype).removeprefix("torch.")
    short = {
        "float8_e4m3fn": "f8_e4m3",
        "float8_e5m2": "f8_e5m2",
        "int8": "i8",
        "uint8": "u8",
        "int32": "i32",
    }
    return TensorShape(name=name, shape=tuple(weight.shape), dtype=short.get(kind, kind), stored_bytes=0)


def _spread(scale: Any, shape: Sequence[int], block: tuple[int, int]) -> Any:
    """A scale for the whole, for each row or for each block, so that it multiplies the matrix."""
    if scale.numel() == 1:
        return scale.reshape(())
    rows, columns = shape
    if tuple(scale.shape) == (rows, 1):
        return scale
    tall = scale.repeat_interleave(block[0], dim=0)[:rows]
    return tall.repeat_interleave(block[1], dim=1)[:, :columns]
