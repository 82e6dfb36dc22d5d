"""Directories of the kinds that people ship: the same model in the portable source, or one sentence that says why not."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgewright.app.intake.sources import source_of
from edgewright.cli.main import run
from edgewright.errors import InputError, UnsupportedError
from edgewright.inputs.models import Trust, locate
from edgewright.inputs.safetensors import check
from edgewright.inputs.tokenizer import SourceTokenizer

pytestmark = pytest.mark.integration

UP = r"model\.layers\.1\.mlp\.up_proj\.weight"
"""As it stands in a sentence."""


@pytest.fixture(scope="module")
def shipped(lab, smollm2, toolchains, tmp_path_factory):
    """The folder with every kind of tiny model."""
    out = tmp_path_factory.mktemp("shipped")
    python = Path(toolchains["torch"].path) / "venv" / "bin" / "python"
    script = Path(__file__).with_name("tiny_models.py")
    command = [python, script, out, smollm2.path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return out


@pytest.fixture(scope="module")
def portable(lab, shipped):
    def make(name, base="", **risks):
        trust = Trust(**risks)
        return source_of(
            lab.context, locate(str(shipped / name), offline=True, trust=trust, base=base), trust
        )

    return make


def config_of(source):
    return json.loads((Path(source.path) / "config.json").read_text())


def names_in(source):
    return {tensor.name for tensor in check(Path(source.path) / "model.safetensors")}


def matrix(file, name):
    """A tensor as float32, read from its bytes: NumPy has no bfloat16."""
    content = Path(file).read_bytes()
    header = int.from_bytes(content[:8], "little")
    entry = json.loads(content[8 : 8 + header])[name]
    begin, end = (8 + header + offset for offset in entry["data_offsets"])
    if entry["dtype"] == "F32":
        return np.frombuffer(content[begin:end], np.float32).reshape(entry["shape"])
    assert entry["dtype"] == "BF16"
    halves = np.frombuffer(content[begin:end], np.uint16).astype(np.uint32)
    return (halves << 16).view(np.float32).reshape(entry["shape"])


# --- what is refused ---


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("nan", rf"{UP} contains values that are not finite: 1 NaN of 8192 values.*earlier checkpoint"),
        ("infinite", rf"{UP} contains values that are not finite: 1 infinite of 8192 values"),
        ("foreign", r"not part of the model: model\.layers\.7\.mlp\.up_proj\.weight"),
    ],
)
def test_weights_that_make_no_model_are_named(portable, kind, sentence):
    with pytest.raises(InputError, match=sentence):
        portable(kind)


def test_quantized_weights_in_a_pickle_are_refused_once_they_are_seen(portable):
    with pytest.raises(UnsupportedError, match=r"already quantized \(GPTQ or AWQ\)"):
        portable("pickled_codes", allow_pickle=True)


# --- what comes through, and with which notes ---


def test_buffers_of_older_releases_are_left_out(portable):
    source = portable("buffers")
    assert not source.notes
    assert not any("inv_freq" in name for name in names_in(source))


def test_a_weight_beyond_float16_is_told_and_is_a_fact(portable):
    source = portable("large")
    assert source.facts.largest_weight == pytest.approx(1e5)
    assert source.facts.float16_overflows
    assert any(
        "contains values up to 1e+05, above the float16 maximum of 65504" in note for note in source.notes
    )


@pytest.mark.parametrize(
    ("framework", "names"),
    [("openvino", {"fp32": "fp32"}), ("mlx", {"fp32": "float32"}), ("onnx", {"fp32": None})],
)
def test_builds_of_such_weights_are_not_float16(lab, portable, framework, names):
    source = portable("large")
    found = lab.environment.backends[framework].recipes(source.facts)
    assert {found[0].name: found[0].build.get("dtype")} == names
    assert all("float16" not in recipe.build.values() for recipe in found)


def test_ids_that_the_configuration_does_not_name_come_from_the_tokenizer(portable):
    source = portable("no_ids")
    assert config_of(source)["eos_token_id"] == config_of(source)["bos_token_id"] == 0
    assert not (Path(source.path) / "generation_config.json").exists()
    assert "config.json names no end-of-text token: id 0 was taken from the tokenizer" in source.notes
    assert SourceTokenizer(Path(source.path)).stop_ids() == (0,)


def test_where_nothing_names_an_end_there_is_none(portable):
    source = portable("no_end")
    assert config_of(source)["eos_token_id"] is None
    assert "config.json names no end-of-text token: it has none" in source.notes
    assert SourceTokenizer(Path(source.path)).stop_ids() == ()


def test_several_ends_stay_several(portable):
    source = portable("several_ends")
    assert config_of(source)["eos_token_id"] == [2, 0]
    assert SourceTokenizer(Path(source.path)).stop_ids() == (2, 0)


def test_the_users_keys_stay_beside_the_newer_spelling(portable, shipped):
    said, written = (
        json.loads((shipped / "two_bases" / "config.json").read_text()),
        config_of(portable("two_bases")),
    )
    assert written["rope_parameters"]["full_attention"]["factor"] == 4.0
    assert written["rope_parameters"]["full_attention"]["rope_type"] == "linear"
    assert written["rope_scaling"] == {"type": "linear", "rope_type": "linear", "factor": 4.0}
    for key in ("rope_theta", "rope_local_base_freq", "sliding_window_pattern", "my_own_key"):
        assert written[key] == said[key]


def test_a_window_that_is_switched_off_stays_off(portable):
    written = config_of(portable("no_window"))
    assert "sliding_window" in written
    assert written["sliding_window"] is None


def test_experts_are_counted_under_both_names(portable):
    written = config_of(portable("experts"))
    assert written["num_experts"] == written["num_local_experts"] == 4


def test_gpt2_has_the_names_that_its_readers_look_for(portable):
    source = portable("gpt2")
    assert config_of(source)["n_ctx"] == 256
    assert "wte.weight" in names_in(source)


def test_float8_weights_are_read_by_their_scales(portable, shipped):
    source = portable("float8")
    assert any("float8 weights times their scales" in note for note in source.notes)
    assert not any("scale" in name for name in names_in(source))
    assert "quantization" not in json.dumps(config_of(source))
    for name in ("model.layers.0.mlp.down_proj.weight", "model.layers.1.self_attn.q_proj.weight"):
        written = matrix(Path(source.path) / "model.safetensors", name)
        plain = matrix(shipped / "float8_plain.safetensors", name)
        # e4m3 keeps three bits, down to its smallest numbers.
        assert (np.abs(written - plain) <= np.abs(plain) / 15 + np.abs(plain).max() / 1e4).all()


# --- tokenizers and templates ---


def test_a_tokenizer_model_alone_gives_the_ids_of_sentencepiece(portable, shipped):
    source = portable("pieces_only")
    wanted = json.loads((shipped / "pieces.json").read_text())
    tokenizer = SourceTokenizer(Path(source.path))
    assert tokenizer.encode("  two spaces\tand a naïve 🎉") == wanted
    assert "the tokenizer.json was made from the older tokenizer files" in source.notes


def test_a_tokenizer_class_that_nobody_knows_is_no_obstacle(portable):
    source = portable("own_class")
    written = json.loads((Path(source.path) / "tokenizer_config.json").read_text())
    assert written["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert any("MyOwnTokenizerFast is not supported" in note for note in source.notes)


def test_of_several_templates_the_default_one_is_used(portable):
    tokenizer = SourceTokenizer(Path(portable("named_templates").path))
    assert tokenizer.chat("hi") == "Dhi"
    assert not tokenizer.chat_lack("hi")


# --- places ---


def test_a_read_only_folder_with_spaces_and_accents(portable):
    source = portable("Modèle avec espaces")
    assert source.name == "Modèle avec espaces"
    assert not source.notes


def test_links_into_the_hubs_cache(lab, shipped, portable, tmp_path):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "models--owner--Tiny" / "snapshots" / "0a1b"
    snapshot.mkdir(parents=True)
    shutil.copytree(shipped / "plain", blobs)
    for file in blobs.iterdir():
        (snapshot / file.name).symlink_to(file.rename(blobs / f"{hash(file.name):x}"))
    source = source_of(lab.context, locate(str(snapshot), offline=True, trust=Trust()), Trust())
    assert source.name == "Tiny"
    assert source.digest == portable("plain").digest


# --- adapters ---


def test_an_adapter_is_merged_with_the_base_that_it_names(portable, shipped):
    source = portable("adapter")
    assert "the LoRA adapter adapter was merged with its base base" in source.notes
    low, site = (
        shipped / "adapter" / "adapter_model.safetensors",
        "base_model.model.model.layers.0.self_attn.q_proj",
    )
    down, up = (matrix(low, f"{site}.lora_{part}.weight") for part in "AB")
    name = "model.layers.0.self_attn.q_proj.weight"
    merged, base = (
        matrix(Path(path) / "model.safetensors", name) for path in (source.path, shipped / "base")
    )
    wanted = base + 8 / 4 * (up @ down)
    assert np.abs(wanted - base).max() > 0.1
    np.testing.assert_allclose(merged, wanted, rtol=2**-8)  # it is bfloat16, as its base is


def test_an_adapter_of_another_base_is_refused(portable):
    with pytest.raises(InputError, match="The adapter does not match its base model"):
        portable("adapter_of_another_size")


def test_an_adapter_without_a_base_asks_for_one(portable, shipped, tmp_path):
    lost = tmp_path / "lost"
    shutil.copytree(shipped / "adapter", lost)
    known = json.loads((lost / "adapter_config.json").read_text())
    (lost / "adapter_config.json").write_text(json.dumps({**known, "base_model_name_or_path": "/not/here"}))
    with pytest.raises(
        InputError, match=r"its base model /not/here cannot be loaded: .* Give the base model: --base DIR"
    ):
        locate(str(lost), offline=True, trust=Trust())
    found = locate(str(lost), offline=True, trust=Trust(), base=str(shipped / "base"))
    assert found.path == (shipped / "base").resolve()


# --- what a user sees ---


def test_generate_tells_why_there_was_no_chat(portable, tmp_path, capfd):
    source = Path(portable("plain").path)
    refusing = tmp_path / "refusing"
    shutil.copytree(source, refusing)
    (refusing / "chat_template.jinja").write_text("{{ raise_exception('Only assistants!') }}")
    (refusing / "edgewright-source.json").unlink()
    assert run(["generate", str(refusing), "hello", "--chat", "--max-tokens", "2"]) == 0
    assert (
        "The chat template rejects the prompt: Only assistants. The model continues the prompt."
        in capfd.readouterr().err
    )
