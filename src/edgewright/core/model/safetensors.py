"""The header of a safetensors file: what it declares, checked by the format's own rules. Pure.

The format: https://github.com/huggingface/safetensors#format. Law: the tensors fill the bytes behind the header without a
gap and without sharing any, and each has the size that its shape and its type ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from edgewright.core.model.facts import TensorShape
from edgewright.core.quoted import quoted

_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "I64": 64,
    "U64": 64,
    "F64": 64,
}
"""Bits of a value; of a type that is not listed the size is not checked."""
_MOST = 2**63


def declared(header: object) -> list[TensorShape]:
    """The tensors of a header, as it lists them.

    Raises:
        ValueError: it breaks the format's rules; the message says where.
    """
    if not isinstance(header, Mapping):
        raise ValueError("its header contains no tensors")  # noqa: TRY004  # a fault of the file, no type of ours
    found = {name: _tensor(name, entry) for name, entry in header.items() if name != "__metadata__"}
    at = 0
    for tensor, (begin, end) in sorted(found.values(), key=lambda pair: pair[1]):
        if begin != at:
            raise ValueError(
                f"the tensor {quoted(tensor.name)} begins at {begin}, and the one before it ends at {at}"
            )
        at = end
    return [tensor for tensor, _ in found.values()]


def _tensor(name: str, entry: Any) -> tuple[TensorShape, tuple[int, int]]:
    if not isinstance(entry, Mapping):
        raise ValueError(f"the tensor {quoted(name)} is not described")  # noqa: TRY004  # as above
    shape, offsets, kind = _counts(entry.get("shape")), _counts(entry.get("data_offsets")), entry.get("dtype")
    if shape is None or not isinstance(kind, str):
        raise ValueError(
            f"the tensor {quoted(name)} has the shape {quoted(entry.get('shape'))} and the type {quoted(kind)}"
        )
    if offsets is None or len(offsets) != 2 or offsets[1] < offsets[0]:
        raise ValueError(f"the tensor {quoted(name)} has the offsets {quoted(entry.get('data_offsets'))}")
    begin, end = offsets
    if kind in _BITS and prod(shape) * _BITS[kind] != 8 * (end - begin):
        raise ValueError(
            f"the tensor {quoted(name)} of shape {quoted(list(shape))} in {kind} has {end - begin} bytes"
        )
    return TensorShape(name=name, shape=shape, dtype=kind.lower(), stored_bytes=end - begin), (begin, end)


def _counts(value: object) -> tuple[int, ...] | None:
    """A list of sizes; None where it is anything else."""
    if isinstance(value, list) and all(type(n) is int and 0 <= n < _MOST for n in value):
        return tuple(value)
    return None
