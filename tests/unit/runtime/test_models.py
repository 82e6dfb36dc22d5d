import json
import struct

import numpy as np
import pytest

from edgewright.core.model import SourceKind, Task
from edgewright.errors import InputError, OfflineError, UnsupportedError
from edgewright.runtime import hub
from edgewright.runtime.models import Trust, locate, read_facts

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
    (model / "tokenizer.json").write_text("{}")
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
    with pytest.raises(InputError, match="no valid JSON"):
        find(model)


def test_a_truncated_safetensors_file(model):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="truncated"):
        find(model)


def test_a_file_that_only_looks_like_safetensors(model):
    (model / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(InputError, match="no readable safetensors"):
        find(model)


def test_pickled_weights_need_a_flag_that_names_the_risk(model):
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(InputError, match=r"unpickling can run code.*--allow-pickle"):
        find(model)
    assert find(model, allow_pickle=True).path == model.resolve()


def test_remote_code_needs_a_flag_that_names_the_risk(model):
    (model / "config.json").write_text(json.dumps({**CONFIG, "auto_map": {"AutoConfig": "x.Y"}}))
    with pytest.raises(InputError, match=r"Python code of its own.*--allow-remote-code"):
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
    with pytest.raises(InputError, match="no GGUF file"):
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
