"""Llamas of random weights in GGUF files without a tokenizer: the smallest that runs, and larger ones to time kernels on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

VOCABULARY = 96


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The dimensions of a model."""

    blocks: int = 1
    width: int = 64
    hidden: int = 128
    heads: int = 2

    @property
    def weights(self) -> int:
        """Numbers in the blocks' matrices."""
        return self.blocks * (4 * self.width**2 + 3 * self.width * self.hidden)


SMALLEST = Shape()


def write(gguf: Any, file: Path, shape: Shape = SMALLEST) -> None:
    """Write the model with the given gguf package."""
    writer = gguf.GGUFWriter(str(file), "llama")
    writer.add_block_count(shape.blocks)
    writer.add_context_length(64)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("no_vocab")
    random = np.random.default_rng(0)
    for name, sizes in _tensors(shape).items():
        norm = len(sizes) == 1
        values = np.ones(sizes) if norm else random.standard_normal(sizes, dtype=np.float32) * 0.2
        writer.add_tensor(name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tensors(shape: Shape) -> dict[str, tuple[int, ...]]:
    width, hidden = shape.width, shape.hidden
    found: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (VOCABULARY, width),
        "output.weight": (VOCABULARY, width),
        "output_norm.weight": (width,),
    }
    for number in range(shape.blocks):
        block = f"blk.{number}."
        found |= {f"{block}attn_{part}.weight": (width, width) for part in ("q", "k", "v", "output")}
        found |= {f"{block}{norm}.weight": (width,) for norm in ("attn_norm", "ffn_norm")}
        found |= {f"{block}ffn_{part}.weight": (hidden, width) for part in ("gate", "up")}
        found[f"{block}ffn_down.weight"] = (width, hidden)
    return found
