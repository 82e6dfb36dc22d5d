import numpy as np
import pytest

from edgewright.core.model.gguf.header import parse_gguf
from edgewright.core.model.gguf.mapping import Change, MappedModel, Unmapped, map_model, read_factors
from edgewright.core.model.gguf.rope import FREQUENCIES, llama3_factors
from edgewright.errors import InputError
from tests.gguf_bytes import gguf_bytes, llama


def mapped(metadata, tensors):
    whole = gguf_bytes(metadata, tensors)
    header = parse_gguf(whole, "a.gguf")
    return map_model(header, read_factors(header.tensors, whole))


def test_every_setting_and_every_tensor_of_a_llama_has_its_place():
    found = mapped(*llama())
    assert isinstance(found, MappedModel)
    assert found.config["num_key_value_heads"] == 2
    assert found.config["head_dim"] == 4
    assert found.config["tie_word_embeddings"] is True
    assert found.config["rope_parameters"] == {"rope_type": "default", "rope_theta": 10000.0}
    places = {piece.weight: piece for piece in found.pieces}
    assert places["model.layers.1.mlp.down_proj.weight"].tensor == "blk.1.ffn_down.weight"
    key = places["model.layers.0.self_attn.k_proj.weight"]
    assert (key.change, key.number) == (Change.UNPERMUTED, 2)
    assert len(found.pieces) == 20


def test_a_setting_that_nobody_reads_is_named():
    found = mapped(*llama(**{"attention.clamp_kqv": 8.0}))
    assert isinstance(found, Unmapped)
    assert "attention.clamp_kqv" in found.reason


def test_a_tensor_without_a_place_is_named():
    metadata, tensors = llama()
    found = mapped(metadata, {**tensors, "blk.0.attn_sinks.weight": np.ones(4, np.float32)})
    assert isinstance(found, Unmapped)
    assert "blk.0.attn_sinks.weight" in found.reason


@pytest.mark.parametrize("name", ["blk.1.attn_v.weight", "output_norm.weight", "blk.0.ffn_norm.weight"])
def test_a_tensor_that_is_missing_is_named(name: str):
    metadata, tensors = llama()
    del tensors[name]
    with pytest.raises(InputError, match=name):
        mapped(metadata, tensors)


def test_an_architecture_that_is_not_mapped_is_named():
    metadata, tensors = llama()
    metadata = {key.replace("llama.", "mamba."): value for key, value in metadata.items()}
    found = mapped({**metadata, "general.architecture": "mamba"}, tensors)
    assert isinstance(found, Unmapped)
    assert "mamba" in found.reason


def test_a_bias_makes_its_flag_and_the_others_are_zero():
    metadata, tensors = llama()
    biases = {f"blk.{layer}.attn_{part}.bias": np.ones(8, np.float32) for layer in (0, 1) for part in "kv"}
    biases |= {f"blk.{layer}.attn_q.bias": np.ones(16, np.float32) for layer in (0, 1)}
    found = mapped(metadata, tensors | biases)
    assert isinstance(found, MappedModel)
    assert found.config["attention_bias"] is True
    places = {piece.weight: piece for piece in found.pieces}
    assert places["model.layers.0.self_attn.q_proj.bias"].tensor == "blk.0.attn_q.bias"
    output = places["model.layers.1.self_attn.o_proj.bias"]
    assert (output.change, output.number) == (Change.ZEROS, 16)


@pytest.mark.parametrize(
    ("settings", "rope"),
    [
        ({"rope.freq_base": 5e5}, {"rope_type": "default", "rope_theta": 5e5}),
        (
            {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0},
            {"rope_type": "linear", "rope_theta": 1e4, "factor": 4.0},
        ),
        (
            {"rope.scale_linear": 2.0, "rope.scaling.type": "linear"},
            {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0},
        ),
        (
            {
                "rope.scaling.type": "yarn",
                "rope.scaling.factor": 4.0,
                "rope.scaling.original_context_length": 64,
            },
            {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": 64},
        ),
    ],
)
def test_rope_scaling_is_carried_over(settings, rope):
    found = mapped(*llama(**settings))
    assert isinstance(found, MappedModel)
    assert found.config["rope_parameters"] == rope


@pytest.mark.parametrize(
    "settings", [{"rope.scaling.type": "ntk"}, {"rope.dimension_count": 2}, {"attention.value_length": 8}]
)
def test_what_transformers_cannot_compute_is_not_mapped(settings):
    assert isinstance(mapped(*llama(**settings)), Unmapped)


@pytest.mark.parametrize(
    "numbers",
    [(8.0, 1.0, 4.0, 8192), (32.0, 1.0, 4.0, 8192), (16.0, 1.0, 4.0, 4096), (8.0, 2.0, 6.0, 2048)],
)
def test_the_numbers_of_llama_3_come_back_from_its_factors(numbers):
    names = ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings")
    said = {"rope_theta": 500000.0, **dict(zip(names, numbers, strict=True))}
    factors = np.asarray(llama3_factors(said, 128), dtype=np.float32)
    metadata, tensors = llama(
        **{
            "rope.freq_base": 500000.0,
            "rope.dimension_count": 128,
            "attention.key_length": 128,
            "attention.value_length": 128,
        }
    )
    found = mapped(metadata, {**tensors, FREQUENCIES: factors})
    assert isinstance(found, MappedModel)
    rope = found.config["rope_parameters"]
    assert rope["rope_type"] == "llama3"
    assert np.allclose(llama3_factors(rope, 128), factors, rtol=1e-4)


def test_factors_of_another_rule_are_not_mapped():
    metadata, tensors = llama()
    found = mapped(metadata, {**tensors, FREQUENCIES: np.asarray([3.0, 1.5], np.float32)})
    assert isinstance(found, Unmapped)
    assert FREQUENCIES in found.reason


def test_a_llama_with_experts_is_a_mixtral():
    metadata, tensors = llama(expert_count=4, expert_used_count=2)
    for layer in (0, 1):
        for part, shape in {"gate": (4, 32, 16), "up": (4, 32, 16), "down": (4, 16, 32)}.items():
            del tensors[f"blk.{layer}.ffn_{part}.weight"]
            tensors[f"blk.{layer}.ffn_{part}_exps.weight"] = np.ones(shape, np.float32)
        tensors[f"blk.{layer}.ffn_gate_inp.weight"] = np.ones((4, 16), np.float32)
    found = mapped(metadata, tensors)
    assert isinstance(found, MappedModel)
    assert found.config["architectures"] == ["MixtralForCausalLM"]
    third = next(p for p in found.pieces if p.weight == "model.layers.0.block_sparse_moe.experts.2.w3.weight")
    assert (third.tensor, third.change, third.number) == ("blk.0.ffn_up_exps.weight", Change.EXPERT, 2)
