"""Directories are judged by what lies in them, in one sentence, before anything is prepared."""

import json

import numpy as np
import pytest

from edgewright.errors import InputError, UnsupportedError
from edgewright.inputs.models import read_facts
from tests.unit.inputs.test_models import CONFIG, find, model, one_tensor, write_safetensors

__all__ = ["model"]  # the fixture

INDEX = "model.safetensors.index.json"


def configure(folder, **settings):
    (folder / "config.json").write_text(json.dumps({**CONFIG, **settings}))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"architectures": ["BertModel"], "model_type": "bert"}, r"an encoder \(BertModel\)"),
        (
            {"architectures": ["RobertaForMaskedLM"], "model_type": "roberta"},
            r"an encoder \(RobertaForMaskedLM\)",
        ),
        (
            {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5", "is_encoder_decoder": True},
            r"an encoder-decoder \(T5ForConditionalGeneration\)",
        ),
        ({"architectures": ["LlamaModel"]}, r"an embedding model without an output layer \(LlamaModel\)"),
        (
            {"architectures": ["Gemma3ForConditionalGeneration"], "vision_config": {"hidden_size": 8}},
            r"a vision-language model \(Gemma3ForConditionalGeneration\)",
        ),
        ({"architectures": ["LlamaForSequenceClassification"]}, "a classifier"),
    ],
)
def test_what_generates_no_text_is_called_what_it_is(model, settings, what):
    configure(model, **settings)
    with pytest.raises(
        UnsupportedError, match=f"model is ({what}).*only decoder-only text generators are supported"
    ):
        find(model)


def test_a_configuration_without_a_class_is_a_text_generator_by_its_model_type(model):
    configure(model, architectures=None)
    assert read_facts(find(model)).task == "text-generation"


def test_a_number_that_is_none_is_named(model):
    configure(model, hidden_size={"a": 1})
    with pytest.raises(InputError, match=r"config\.json says hidden_size: .* not a valid count"):
        read_facts(find(model))


def test_a_directory_without_a_tokenizer_says_so(model):
    (model / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"has no tokenizer: .*Copy the tokenizer's files"):
        find(model)


@pytest.mark.parametrize("names", [("tokenizer.model",), ("vocab.json", "merges.txt"), ("qwen.tiktoken",)])
def test_older_tokenizer_files_count(model, names):
    (model / "tokenizer.json").unlink()
    for name in names:
        (model / name).write_text("x")
    assert find(model)


@pytest.mark.parametrize(
    "tokenizer",
    [
        {"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 10, "content": "<|call|>"}]},
        {"model": {"vocab": {"a": 0, "<|call|>": 10}}},
        {"model": {"vocab": [["a", 0.0]] * 10 + [["<|call|>", -1.0]]}},
    ],
)
def test_tokens_without_a_row_in_the_embeddings_are_named(model, tokenizer):
    (model / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(
        InputError, match=r"ids up to 10, .* rows for ids up to 9: 1 tokens, such as '<\|call\|>'"
    ):
        find(model)


def test_rows_beyond_the_tokens_are_padding_and_fine(model):
    (model / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"a": 0}}}))
    assert find(model)


def test_the_single_file_is_read_as_transformers_does_and_the_shards_of_another_save_are_named(model):
    before = read_facts(find(model)).parameters
    one_tensor(model / "model-00001-of-00002.safetensors", "a")
    one_tensor(model / "model-00002-of-00002.safetensors", "b")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (model / INDEX).write_text(json.dumps(index))
    origin = find(model)
    assert read_facts(origin).parameters == before
    assert any(
        "model.safetensors was read" in note and "2 files of a different save" in note
        for note in origin.notes
    )


def test_a_stale_index_beside_a_complete_file_costs_a_note(model):
    (model / INDEX).write_text(json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors"}}))
    (note,) = find(model).notes
    assert "model.safetensors was read" in note
    assert "1 file of a different save, 1 of them missing" in note


def test_a_snapshot_in_the_hubs_cache_is_called_as_on_the_hub(model, tmp_path):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "models--owner--Tiny-1B" / "snapshots" / "0123abcd"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(model.iterdir())):
        (snapshot / file.name).symlink_to(file.rename(blobs / f"{number:040x}"))
    origin = find(snapshot)
    assert origin.name == "Tiny-1B"
    assert read_facts(origin).parameters == 216


# --- weights that are quantized already ---


def add(folder, **tensors):
    write_safetensors(
        folder / "model.safetensors", {name.replace("__", "."): t for name, t in tensors.items()}
    )


@pytest.mark.parametrize(
    ("side", "content", "method"),
    [
        ("hf_quant_config.json", {"quantization": {"quant_algo": "NVFP4"}}, "ModelOpt NVFP4"),
        ("quantize_config.json", {"bits": 4, "quant_method": "gptq"}, "gptq"),
        ("quant_config.json", {"w_bit": 4}, "AWQ"),
    ],
)
def test_files_beside_the_weights_tell(model, side, content, method):
    (model / side).write_text(json.dumps(content))
    with pytest.raises(
        UnsupportedError, match=rf"already quantized \({method}\): {side} is in the same directory"
    ):
        find(model)


@pytest.mark.parametrize(
    ("name", "values", "method"),
    [
        ("l__q_proj__qweight", np.zeros((1, 8), np.float32), r"GPTQ or AWQ"),
        ("l__weight__absmax", np.zeros(8, np.float32), "bitsandbytes"),
        ("l__weight_packed", np.zeros((1, 8), np.float32), "compressed-tensors"),
        ("l__W_q", np.zeros((1, 8), np.float32), "HQQ"),
    ],
)
def test_the_tensors_tell_where_nothing_else_does(model, name, values, method):
    add(model, **{name: values})
    with pytest.raises(UnsupportedError, match=rf"already quantized \({method}\): there is a tensor l\."):
        find(model)
