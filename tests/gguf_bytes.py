"""GGUF files as bytes, for tests: whole ones, and ones that are wrong in one place."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_F32 = 0
_ALIGNMENT = 32


def gguf_bytes(
    metadata: Mapping[str, Any],
    tensors: Mapping[str, Any],
    *,
    version: int = 3,
    order: str = "<",
    kinds: Mapping[str, int] | None = None,
) -> bytes:
    """A file of float32 tensors (numpy arrays by name); ``kinds`` declares another type for some."""
    out = b"GGUF" + struct.pack(f"{order}IQQ", version, len(tensors), len(metadata))
    for key, value in metadata.items():
        out += _text(key, order) + _value(value, order)
    offset, data = 0, b""
    for name, array in tensors.items():
        shape = tuple(reversed(array.shape))
        out += _text(name, order) + struct.pack(f"{order}I{len(shape)}Q", len(shape), *shape)
        out += struct.pack(f"{order}IQ", (kinds or {}).get(name, _F32), offset)
        raw = np.asarray(array, dtype=f"{order}f4").tobytes()
        raw += b"\0" * (-len(raw) % _ALIGNMENT)
        offset, data = offset + len(raw), data + raw
    return out + b"\0" * (-len(out) % _ALIGNMENT) + data


def _text(text: str, order: str) -> bytes:
    raw = text.encode()
    return struct.pack(f"{order}Q", len(raw)) + raw


def _value(value: Any, order: str) -> bytes:
    match value:
        case bool():
            return struct.pack(f"{order}I?", 7, value)
        case int():
            return struct.pack(f"{order}Ii", 5, value)
        case float():
            return struct.pack(f"{order}If", 6, value)
        case str():
            return struct.pack(f"{order}I", 8) + _text(value, order)
    items: Sequence[Any] = list(value)
    first = items[0] if items else 0
    kind = 8 if isinstance(first, str) else 6 if isinstance(first, float) else 5
    out = struct.pack(f"{order}IIQ", 9, kind, len(items))
    if kind == 8:
        return out + b"".join(_text(item, order) for item in items)
    return out + np.asarray(items, dtype=f"{order}{'f4' if kind == 6 else 'i4'}").tobytes()


def llama(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metadata and tensors of a Llama of two layers; a change of a setting to None leaves it out."""
    metadata: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "llama.context_length": 256,
        "llama.embedding_length": 16,
        "llama.feed_forward_length": 32,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": 4,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [chr(97 + n) for n in range(20)],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    metadata |= {f"llama.{name}": value for name, value in changes.items()}
    rng = np.random.default_rng(1)
    sizes = {"token_embd.weight": (20, 16), "output_norm.weight": (16,)}
    for layer in range(2):
        for name, shape in {
            "attn_norm": (16,),
            "attn_q": (16, 16),
            "attn_k": (8, 16),
            "attn_v": (8, 16),
            "attn_output": (16, 16),
            "ffn_norm": (16,),
            "ffn_gate": (32, 16),
            "ffn_up": (32, 16),
            "ffn_down": (16, 32),
        }.items():
            sizes[f"blk.{layer}.{name}.weight"] = shape
    tensors = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in sizes.items()}
    return {key: value for key, value in metadata.items() if value is not None}, tensors
