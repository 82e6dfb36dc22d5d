import json
import struct

import numpy as np
import pytest
from huggingface_hub.utils._paths import filter_repo_objects

from edgewright.core.model.facts import SourceKind, Task
from edgewright.errors import InputError, OfflineError, UnsupportedError
from edgewright.inputs import hub
from edgewright.inputs.models import Trust, locate, read_facts
from edgewright.inputs.safetensors import weight_files
from tests.gguf_bytes import gguf_bytes, llama

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "vocab_size": 10,
    "max_position_embeddings": 64,
    "tie_word_embeddings": True,
}


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        raw = array.tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": array.shape,
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    tensors = {
        "model.embed_tokens.weight": np.zeros((10, 8), np.float32),
        "model.layers.0.mlp.up_proj.weight": np.zeros((16, 8), np.float32),
        "lm_head.weight": np.zeros((10, 8), np.float32),
        "model.norm.weight": np.zeros(8, np.float32),
    }
    write_safetensors(folder / "model.safetensors", tensors)
    (folder / "tokenizer.json").write_text(
        json.dumps({"model": {"vocab": {"a": 0, "b": 9}}, "added_tokens": []})
    )
    return folder


def find(path, **trust):
    return locate(str(path), offline=True, trust=Trust(**trust))


def test_facts_are_counted_from_shapes_and_tied_outputs_count_once(model):
    facts = read_facts(find(model))
    assert facts.parameters == 80 + 128 + 8
    assert facts.embedding_parameters == 80
    assert facts.task is Task.TEXT_GENERATION
    assert facts.tied_embeddings
    assert (facts.head_size, facts.kv_heads, facts.dtype) == (4, 1, "f32")
    assert facts.row_sizes == ((8, 208),)


def test_the_kv_cache_is_two_times_layers_heads_size_context_and_value(model):
    assert read_facts(find(model)).kv_cache_bytes(64) == 2 * 1 * 1 * 4 * 64 * 2


def test_a_changed_file_changes_the_fingerprint(model):
    before = find(model)
    (model / "chat_template.jinja").write_text("{}")
    assert find(model).fingerprint != before.fingerprint
    assert before.kind is SourceKind.DIRECTORY


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="There is no model at"):
        find(tmp_path / "nothing" / "here")


def test_a_directory_without_a_configuration(tmp_path):
    with pytest.raises(InputError, match=r"has no config\.json"):
        find(tmp_path)


def test_a_configuration_that_is_no_json(model):
    (model / "config.json").write_text("{")
    with pytest.raises(InputError, match="not valid JSON"):
        find(model)


def test_a_truncated_safetensors_file(model):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="truncated"):
        find(model)


def test_a_file_that_only_looks_like_safetensors(model):
    (model / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(InputError, match="not a readable safetensors"):
        find(model)


def test_pickled_weights_need_a_flag_that_names_the_risk(model):
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(InputError, match=r"unpickling can run code.*--allow-pickle"):
        find(model)
    assert find(model, allow_pickle=True).path == model.resolve()


def test_remote_code_needs_a_flag_that_names_the_risk(model):
    (model / "config.json").write_text(json.dumps({**CONFIG, "auto_map": {"AutoConfig": "x.Y"}}))
    with pytest.raises(InputError, match=r"its own Python code.*--allow-remote-code"):
        find(model)
    assert find(model, allow_remote_code=True)


def test_a_truncated_gguf_file(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 5, 5) + b"\0" * 10)
    with pytest.raises(InputError, match="truncated or damaged"):
        find(path)


def test_a_file_that_is_no_gguf(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"hello")
    with pytest.raises(InputError, match="not a GGUF file"):
        find(path)


@pytest.mark.parametrize("name", ["model.onnx", "model.tflite", "weights.pt"])
def test_kinds_that_come_later_are_refused_clearly(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UnsupportedError, match="not accepted as a source yet"):
        find(tmp_path / name)


def test_a_hub_id_that_is_not_cached_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(OfflineError, match="not in the local cache, and --offline was given"):
        hub.snapshot("nobody/nothing", offline=True)


def one_tensor(path, name="w"):
    write_safetensors(path, {name: np.zeros((2, 8), np.float32)})


def test_the_index_says_which_files_are_the_weights(model):
    (model / "model.safetensors").unlink()
    for name in ("part-a.safetensors", "part-b.safetensors", "model-00001-of-00001.safetensors"):
        one_tensor(model / name, name)
    index = {"weight_map": {"part-a.safetensors": "part-a.safetensors", "x": "part-b.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    assert [file.name for file in weight_files(model)] == ["part-a.safetensors", "part-b.safetensors"]
    assert read_facts(find(model)).parameters == 32


def test_a_second_copy_and_an_adapter_beside_the_weights_are_not_counted(model):
    before = read_facts(find(model)).parameters
    for name in ("consolidated.safetensors", "adapter_model.safetensors", "model-00001-of-00001.safetensors"):
        one_tensor(model / name)
    assert read_facts(find(model)).parameters == before


def test_shards_without_an_index_are_all_read(model):
    (model / "model.safetensors").unlink()
    (model / "consolidated.safetensors").write_bytes(b"not looked at")
    for number in (1, 2):
        one_tensor(model / f"model-0000{number}-of-00002.safetensors", f"w{number}")
    assert read_facts(find(model)).parameters == 32


def test_an_adapter_alone_is_no_model(model):
    (model / "model.safetensors").rename(model / "adapter_model.safetensors")
    with pytest.raises(InputError, match="no safetensors weights"):
        find(model)


def test_a_shard_that_the_index_lists_and_that_is_absent_is_named(model):
    (model / "model.safetensors").rename(model / "model-00001-of-00003.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00003.safetensors", "b": "model-00002-of-00003.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"lists model-00002-of-00003\.safetensors, which is missing"):
        find(model)


@pytest.mark.parametrize("index", ["{", "[]", "{}", '{"weight_map": []}'])
def test_an_index_that_is_none_is_refused(model, index):
    (model / "model.safetensors").rename(model / "model-00001-of-00001.safetensors")
    (model / "model.safetensors.index.json").write_text(index)
    with pytest.raises(InputError, match=r"not valid JSON|no weight_map"):
        find(model)


def test_an_index_cannot_lead_out_of_the_directory(model):
    (model / "model.safetensors").rename(model.parent / "elsewhere.safetensors")
    index = {"weight_map": {"a": "../elsewhere.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="which is missing"):
        find(model)


@pytest.mark.parametrize(
    "said",
    [
        {"quantization_config": {"quant_method": "gptq", "bits": 4}},
        {"compression_config": {"quant_method": "compressed-tensors"}},
        {"quantization": {"group_size": 64, "bits": 4}},
    ],
)
def test_weights_that_are_quantized_already_are_refused_with_the_next_step(model, said):
    (model / "config.json").write_text(json.dumps({**CONFIG, **said}))
    with pytest.raises(UnsupportedError, match=r"already quantized.*Give the unquantized original"):
        find(model)


def test_an_empty_quantization_config_means_none(model):
    (model / "config.json").write_text(json.dumps({**CONFIG, "quantization_config": None}))
    assert find(model)


REPOSITORY = [
    "config.json",
    "tokenizer.json",
    "model-00001-of-00002.safetensors",
    "model.safetensors.index.json",
    "consolidated.safetensors",
    "adapter_model.safetensors",
    "original/consolidated.00.pth",
    "onnx/model.safetensors",
    "pytorch_model.bin",
    "training_args.bin",
    "modeling_own.py",
]


def fetched(tmp_path, repository, **trust):
    """The files of a hub repository that would be fetched, by the hub library's own matching."""

    def fetch(patterns):
        for name in filter_repo_objects(repository, allow_patterns=patterns, ignore_patterns=hub._UNWANTED):
            (tmp_path / name).touch()
        return tmp_path

    hub.fetch_all(fetch, **{"allow_pickle": False, "allow_remote_code": False, **trust})
    return {file.name for file in tmp_path.iterdir()}


def test_from_the_hub_come_the_weights_once_and_nothing_that_runs(tmp_path):
    assert fetched(tmp_path, REPOSITORY) == set(REPOSITORY[:4])


def test_python_code_comes_to_those_who_took_the_risk(tmp_path):
    assert fetched(tmp_path, REPOSITORY, allow_remote_code=True) == {*REPOSITORY[:4], "modeling_own.py"}


def test_pickled_weights_come_to_those_who_took_the_risk_where_there_are_no_others(tmp_path):
    assert fetched(tmp_path, REPOSITORY, allow_pickle=True) == set(REPOSITORY[:4])


def test_pickled_weights_alone_come_with_the_flag_only(tmp_path):
    pickled = ["config.json", "pytorch_model.bin", "training_args.bin"]
    assert fetched(tmp_path, pickled) == {"config.json"}
    assert fetched(tmp_path, pickled, allow_pickle=True) == {"config.json", "pytorch_model.bin"}


GGUF = gguf_bytes(*llama())


@pytest.mark.parametrize("names", [("a.gguf",), ("a-00001-of-00002.gguf", "a-00002-of-00002.gguf")])
def test_a_directory_with_one_gguf_model_is_that_model(tmp_path, names):
    folder = tmp_path / "Modèle été"
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / name).write_bytes(part(number, len(names)))
    (folder / "README.md").write_text("beside it")
    found = find(folder)
    assert (found.kind, found.path, found.name) == (SourceKind.GGUF, folder.resolve() / names[0], "a")
    assert read_facts(found).layers == 2


def part(number, count):
    metadata, tensors = llama()
    if count == 1:
        return GGUF
    own = dict(list(tensors.items())[number::count])
    split = {"split.no": number, "split.count": count, "split.tensors.count": len(tensors)}
    return gguf_bytes({**(metadata if number == 0 else {}), **split}, own)


def test_several_gguf_models_in_a_directory_are_listed(tmp_path):
    for name in ("b.gguf", "a.gguf"):
        (tmp_path / name).write_bytes(GGUF)
    with pytest.raises(InputError, match=r"contains 2 GGUF models.*: a\.gguf, b\.gguf\. Give the file"):
        find(tmp_path)


def test_a_gguf_file_beside_a_whole_model_is_left_alone(model):
    (model / "a.gguf").write_bytes(GGUF)
    assert find(model).kind is SourceKind.DIRECTORY


def test_a_gguf_file_is_read_by_the_link_of_the_hubs_cache(tmp_path):
    blob, snapshot = tmp_path / "blobs" / "0f", tmp_path / "snapshots" / "c"
    for place in (blob.parent, snapshot):
        place.mkdir(parents=True)
    blob.write_bytes(GGUF)
    (snapshot / "a.gguf").symlink_to(blob)
    for said in (snapshot / "a.gguf", snapshot):
        found = find(said)
        assert (found.path, found.name) == (snapshot / "a.gguf", "a")


def test_folders_that_cannot_be_written_are_read(model):
    modes = {place: place.stat().st_mode for place in (model, *model.iterdir())}
    for place in modes:
        place.chmod(0o500 if place.is_dir() else 0o400)
    assert read_facts(find(model)).layers == 1
    for place, mode in modes.items():
        place.chmod(mode)
