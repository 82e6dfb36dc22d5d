"""Kinds of damage that `make bench NAME=fuzz` found: each ends in one sentence, in little time and memory."""

import json
import os
import struct
from dataclasses import replace

import pytest

from edgewright.cli.main import run
from edgewright.codec import dump
from edgewright.core.model.lengths import turning_points
from edgewright.core.model.safetensors import declared
from edgewright.core.quoted import quoted
from edgewright.core.recipe.artifact import MANIFEST_NAME, FileDigest, Manifest
from edgewright.core.recipe.recipes import REFERENCE
from edgewright.errors import InputError, IntegrityError, UsageError
from edgewright.inputs import templates
from edgewright.inputs.config import read_policy, workload
from edgewright.inputs.files import LocalFiles
from edgewright.inputs.models import read_facts
from edgewright.inputs.safetensors import check
from edgewright.inputs.tokenizer import SourceTokenizer
from edgewright.sites.local.documents import read_bytes, read_json
from edgewright.sites.local.rundir import read_run
from edgewright.testing.samples import LINEAGE
from tests.gguf_bytes import gguf_bytes, llama
from tests.unit.inputs.test_models import CONFIG, find, model

__all__ = ["model"]  # the fixture

DEEP = "[" * 100_000
LAYER = {"dtype": "F32", "shape": [2, 8], "data_offsets": [0, 64]}


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ([], "contains no tensors"),
        ({"w": None}, "is not described"),
        ({"w": {**LAYER, "shape": [2, "8"]}}, "has the shape"),
        ({"w": {**LAYER, "shape": [-2, -8]}}, "has the shape"),
        ({"w": {**LAYER, "shape": 16}}, "has the shape"),
        ({"w": {**LAYER, "dtype": None}}, "has the shape"),
        ({"w": {**LAYER, "data_offsets": []}}, "has the offsets"),
        ({"w": {**LAYER, "data_offsets": [64, 0]}}, "has the offsets"),
        ({"w": {**LAYER, "data_offsets": [0.0, 64.0]}}, "has the offsets"),
        ({"w": {**LAYER, "shape": [2**62, 2**62]}}, "has 64 bytes"),
        ({"w": {**LAYER, "shape": [2, 9]}}, "has 64 bytes"),
        ({"w": LAYER, "v": LAYER}, "begins at 0, and the one before it ends at 64"),
        ({"w": {**LAYER, "data_offsets": [64, 128]}}, "begins at 64, and the one before it ends at 0"),
        ({"w" * 9999: None}, r"^.{,200}$"),
    ],
)
def test_a_safetensors_header_keeps_the_formats_rules(header, why):
    with pytest.raises(ValueError, match=why):
        declared(header)


@pytest.mark.parametrize("text", [DEEP, "NaN", "7", "\xff", '{"w": 1e400}', '{"w": ' + "9" * 6000 + "}"])
def test_what_is_no_safetensors_header_is_called_so(tmp_path, text):
    raw = text.encode("latin-1")
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(raw)) + raw)
    with pytest.raises(InputError, match="not a readable safetensors file"):
        check(tmp_path / "model.safetensors")


@pytest.mark.parametrize("value", [-1, 2**70, float("nan"), float("inf"), True, "8", 10**400])
def test_a_number_that_counts_nothing_is_named(model, value):
    (model / "config.json").write_text(json.dumps({**CONFIG, "num_hidden_layers": value}))
    with pytest.raises(InputError, match=r"config\.json says num_hidden_layers: .{,80} not a valid count"):
        read_facts(find(model))


@pytest.mark.parametrize(
    "config",
    [
        {"text_config": 7, "sliding_window": "wide"},
        {"rope_parameters": [1], "sliding_window": [4]},
        {"rope_scaling": {"rope_type": ["longrope"]}, "sliding_window": float("nan")},
        {"rope_scaling": {"type": "longrope", "original_max_position_embeddings": -5}},
        {"sliding_window": 10**400, "layer_types": 7},
    ],
)
def test_a_length_that_is_none_is_no_turning_point(config):
    assert turning_points(config) == ()


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_document_that_is_nested_endlessly_is_no_json(model, name):
    (model / name).write_text(DEEP)
    with pytest.raises(InputError, match="not valid JSON"):
        find(model)


@pytest.mark.parametrize("name", ["generation_config.json", "tokenizer_config.json", "chat_template.json"])
@pytest.mark.parametrize("text", ["{'a': 1}", "[1]", ""])
def test_settings_beside_a_model_that_are_none_are_named(model, name, text):
    (model / name).write_text(text)
    with pytest.raises(InputError, match=rf"{name} (is not valid JSON|contains no settings)"):
        find(model)


def test_an_index_that_is_nested_endlessly_is_no_json(model):
    (model / "model.safetensors").unlink()
    (model / "model.safetensors.index.json").write_text(DEEP)
    with pytest.raises(InputError, match="not valid JSON"):
        find(model)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "device", "loop", "folder", "nothing", "a\0b"):
        with pytest.raises(InputError, match=r"is not a file|cannot be read"):
            read_bytes(tmp_path / name)


def test_a_byte_order_mark_before_json_is_passed_over(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf{}")
    assert read_json(tmp_path / "a.json") == {}


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"llama.block_count": 2**31 - 1}, "2147483647 layers"),
        ({"llama.context_length": float("nan")}, "context_length: nan"),
        ({"llama.embedding_length": -16}, "embedding_length"),
        ({"split.count": "two"}, "split.count: 'two'"),
        ({"split.tensors.count": [1]}, "split.tensors.count"),
    ],
)
def test_settings_of_a_gguf_file_that_count_nothing_are_named(tmp_path, settings, why):
    metadata, tensors = llama()
    (tmp_path / "a.gguf").write_bytes(gguf_bytes({**metadata, **settings}, tensors))
    with pytest.raises(InputError, match=why):
        find(tmp_path / "a.gguf")


@pytest.mark.parametrize("value", ["text", True, [1, 2]])
def test_a_gguf_setting_of_another_type_leaves_the_file_to_llama_cpp(tmp_path, value):
    metadata, tensors = llama(expert_count=value)
    (tmp_path / "a.gguf").write_bytes(gguf_bytes(metadata, tensors))
    facts = read_facts(find(tmp_path / "a.gguf"))
    assert facts.gguf
    assert "expert_count" in facts.gguf.unmapped


@pytest.mark.parametrize("name", ["attention.value_length", "rope.dimension_count", "rope.freq_base"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_gguf_setting_that_is_no_finite_number_is_not_taken_for_one(tmp_path, name, value):
    metadata, tensors = llama()
    (tmp_path / "a.gguf").write_bytes(gguf_bytes({**metadata, f"llama.{name}": value}, tensors))
    facts = read_facts(find(tmp_path / "a.gguf"))
    assert facts.gguf
    assert name in facts.gguf.unmapped


@pytest.mark.parametrize("target", ["edgewright.json", "nowhere"])
def test_a_link_that_leads_nowhere_is_no_build(tmp_path, monkeypatch, capsys, target):
    monkeypatch.setenv("EDGEWRIGHT_HOME", str(tmp_path / "home"))
    build = tmp_path / "build"
    build.mkdir()
    (build / "edgewright.json").symlink_to(target)
    for command in ("evaluate", "benchmark"):
        assert run([command, str(build), "--offline"]) in {3, 6}
        assert "Unexpected" not in capsys.readouterr().err


def test_a_name_of_any_length_leaves_the_sentence_short(tmp_path, capsys):
    metadata, tensors = llama()
    strange = {"blk.0." + "x" * 50_000: tensors["blk.0.ffn_up.weight"]}
    data = gguf_bytes(metadata, tensors | strange, kinds={next(iter(strange)): 99})
    (tmp_path / "a.gguf").write_bytes(data)
    assert run(["assess", str(tmp_path / "a.gguf")]) == 4
    said = capsys.readouterr().err
    assert said.startswith("edgewright: ")
    assert len(said) < 1000


def test_a_failure_is_told_in_characters_that_every_terminal_has(capsys):
    assert run(["assess", "\ud800" + "x" * 9000]) == 3
    assert len(capsys.readouterr().err) < 5000


def test_a_value_from_outside_is_short():
    assert len(quoted("x" * 10**6)) < 80
    assert len(quoted([0] * 10**6)) < 80
    assert quoted(7) == "7"


@pytest.mark.parametrize(
    "text", ["a." * 5000 + "a = 1", "a = " + "[" * 1500 + "]" * 400, "#" * 70_000, "a = " + "9" * 1900]
)
def test_a_policy_cannot_cost_much(tmp_path, text):
    (tmp_path / "policy.toml").write_text(text)
    with pytest.raises((InputError, UsageError)):
        read_policy(tmp_path / "policy.toml")
    with pytest.raises((InputError, UsageError)):
        workload(str(tmp_path / "policy.toml"))


def test_a_device_is_no_policy(tmp_path):
    with pytest.raises(InputError, match="larger than"):
        read_policy(tmp_path / "/dev/zero")


def test_a_record_that_is_nested_endlessly_is_none(tmp_path):
    (tmp_path / "run.json").write_text(DEEP)
    with pytest.raises(InputError, match="not a valid run record"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../secret", "", ".", "a\0b", "x" * 5000, "C:/a", "..\\a"]
)
def test_a_manifest_cannot_lead_out_of_its_build(tmp_path, name):
    (tmp_path / "secret").write_text("x")
    build = tmp_path / "build"
    build.mkdir()
    manifest = Manifest(
        version=1,
        key="k",
        recipe=REFERENCE,
        files=(),
        size_bytes=0,
        weight_bytes=0,
        parameters=1,
        bits_per_weight=8.0,
        lineage=LINEAGE,
    )
    wrong = replace(manifest, files=(FileDigest(path=name, size_bytes=1, sha256="0"),))
    (build / MANIFEST_NAME).write_bytes(dump(wrong))
    with pytest.raises(
        IntegrityError, match=r"which is not a file of a build|differs from its recorded hash"
    ):
        LocalFiles().artifact(build)


@pytest.mark.parametrize("said", ["two", [1, "a"], {"a": 1}, 2**70, True, 1.5])
def test_an_end_of_text_that_is_no_id_is_named(model, said):
    (model / "tokenizer.json").write_bytes(WORDS)
    (model / "generation_config.json").write_text(json.dumps({"eos_token_id": said}))
    with pytest.raises(InputError, match=r"says eos_token_id: .* not a token id"):
        SourceTokenizer(model).stop_ids()


def test_a_negative_end_of_text_is_none(model):
    (model / "tokenizer.json").write_bytes(WORDS)
    (model / "generation_config.json").write_text(json.dumps({"eos_token_id": [-1, 2]}))
    assert SourceTokenizer(model).stop_ids() == (2,)


def test_a_tokenizer_that_cannot_encode_is_named(model):
    (model / "tokenizer.json").write_bytes(WORDS.replace(b"[UNK]", b"[GONE]", 1))
    with pytest.raises(InputError, match="cannot encode a text"):
        SourceTokenizer(model).encode("zebra")


WORDS = json.dumps(
    {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1}},
    }
).encode()


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ raise_exception('x' * 100000) }}", "rejects the prompt: x"),
        ("{{ '\\ud800' }}", "its output is not text"),
        ("{{ 'x' * 1000001 }}", "more than 1,000,000 characters"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "fails"),
    ],
)
def test_why_a_template_is_not_used_is_short(template, why):
    text, lack = templates.render(template, "hi", {})
    assert not text
    assert why in lack
    assert len(lack) < 400
