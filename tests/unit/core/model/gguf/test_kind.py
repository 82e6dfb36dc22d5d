import numpy as np
import pytest

from edgewright.core.model.gguf.header import parse_gguf
from edgewright.core.model.gguf.kind import demand_language_model
from edgewright.errors import UnsupportedError
from tests.gguf_bytes import gguf_bytes, llama


def header_of(tensors=None, **metadata):
    known, weights = llama()
    whole = gguf_bytes(known | metadata, weights if tensors is None else tensors)
    return parse_gguf(whole, "it.gguf")


def test_a_language_model_is_one():
    demand_language_model(header_of(), "it.gguf")


@pytest.mark.parametrize(
    ("metadata", "tensors", "what"),
    [
        ({"general.type": "adapter"}, None, "LoRA adapter"),
        ({"general.type": "mmproj"}, None, "projector"),
        ({"general.architecture": "clip"}, None, "projector"),
        ({"general.architecture": "bert"}, None, "text encoder"),
        ({"general.architecture": "t5"}, None, "encoder-decoder"),
        ({"general.architecture": "llada"}, None, "diffusion"),
        ({"llama.attention.causal": False}, None, "text encoder"),
        ({"llama.pooling_type": 1}, None, "text encoder"),
        ({}, {}, "vocabulary without weights"),
        ({}, {"blk.0.attn_q.weight": np.ones((4, 4), np.float32)}, "no tensor token_embd.weight"),
        ({"general.architecture": ""}, None, "names no architecture"),
    ],
)
def test_anything_else_is_called_what_it_is(metadata, tensors, what):
    with pytest.raises(UnsupportedError, match=what):
        demand_language_model(header_of(tensors, **metadata), "it.gguf")
