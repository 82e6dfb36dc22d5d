"""Good inputs of every kind: each is accepted as it is, so that what is refused was refused for its damage."""

from __future__ import annotations

import json
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tests.gguf_bytes import gguf_bytes, llama
from tests.world import World
from tokenizers import Tokenizer, models, pre_tokenizers

from edgewright.codec import dump
from edgewright.core.recipe.artifact import MANIFEST_VERSION, Lineage, Manifest
from edgewright.core.recipe.recipes import Precision, Recipe
from edgewright.inputs.files import LocalFiles

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 20,
    "max_position_embeddings": 64,
    "sliding_window": None,
    "rope_parameters": {
        "rope_type": "longrope",
        "rope_theta": 10000.0,
        "long_factor": [1.0, 1.0],
        "short_factor": [1.0, 1.0],
        "original_max_position_embeddings": 32,
    },
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": True,
    "torch_dtype": "float32",
    "bos_token_id": 1,
    "eos_token_id": [2],
}
SHARD = "model-00001-of-00001.safetensors"
TEMPLATE = "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %}"
SETTINGS: dict[str, Any] = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<s>",
    "eos_token": {"content": "</s>", "lstrip": False},
    "model_max_length": 64,
    "chat_template": [{"name": "default", "template": TEMPLATE}],
}
GENERATION: dict[str, Any] = {"eos_token_id": [2], "bos_token_id": 1, "temperature": 0.7}
ADAPTER: dict[str, Any] = {
    "peft_type": "LORA",
    "task_type": "CAUSAL_LM",
    "base_model_name_or_path": "base",
    "r": 2,
    "lora_alpha": 4,
    "target_modules": ["q_proj"],
}
POLICY: dict[str, Any] = {
    "strict": False,
    "prefer": {"speed": 2.0, "accuracy": 1.0},
    "gates": {"decode_tok_s": {"at_least": 1.0}, "peak_bytes": {"at_most": 1e9}},
}


def tensors() -> dict[str, Any]:
    """The weights of `CONFIG`'s model."""
    rng = np.random.default_rng(1)
    shapes = {"model.embed_tokens.weight": (20, 16), "model.norm.weight": (16,)}
    layer = {
        "input_layernorm": (16,),
        "post_attention_layernorm": (16,),
        "self_attn.q_proj": (16, 16),
        "self_attn.k_proj": (8, 16),
        "self_attn.v_proj": (8, 16),
        "self_attn.o_proj": (16, 16),
        "mlp.gate_proj": (32, 16),
        "mlp.up_proj": (32, 16),
        "mlp.down_proj": (16, 32),
    }
    shapes |= {f"model.layers.0.{name}.weight": shape for name, shape in layer.items()}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def safetensors(arrays: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The header of a file of weights, and the bytes behind it."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, array in arrays.items():
        raw = array.tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    return header, data


def packed(header: bytes, data: bytes) -> bytes:
    """A whole safetensors file."""
    return struct.pack("<Q", len(header)) + header + data


@cache
def tokenizer() -> dict[str, Any]:
    """A tokenizer.json."""
    words = ["<unk>", "<s>", "</s>", *(chr(97 + n) for n in range(17))]
    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="<unk>"))  # noqa: S106  # a token, no password
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.add_special_tokens(["<s>", "</s>"])
    whole: dict[str, Any] = json.loads(made.to_str())
    return whole


def model(folder: Path, *, index: bool = False) -> Path:
    """A whole Hugging Face directory; with ``index`` its weights lie in one numbered shard."""
    folder.mkdir(parents=True)
    header, data = safetensors(tensors())
    name = SHARD if index else "model.safetensors"
    (folder / name).write_bytes(packed(json.dumps(header).encode(), data))
    if index:
        write(folder / "model.safetensors.index.json", index_of(name))
    write(folder / "config.json", CONFIG)
    write(folder / "generation_config.json", GENERATION)
    write(folder / "tokenizer.json", tokenizer())
    write(folder / "tokenizer_config.json", SETTINGS)
    return folder


def index_of(name: str) -> dict[str, Any]:
    """The index of a model in one shard."""
    return {"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(tensors(), name)}


def adapter(folder: Path) -> Path:
    """A LoRA adapter with its base within it."""
    model(folder / "base")
    write(folder / "adapter_config.json", ADAPTER)
    arrays = {
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": np.zeros((2, 16), np.float32),
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight": np.zeros((16, 2), np.float32),
    }
    header, data = safetensors(arrays)
    (folder / "adapter_model.safetensors").write_bytes(packed(json.dumps(header).encode(), data))
    return folder


def gguf() -> bytes:
    """A GGUF file."""
    return gguf_bytes(*llama())


@cache
def record() -> dict[str, Any]:
    """The run.json of a finished run, made with fake frameworks."""
    with TemporaryDirectory() as folder:
        world: Any = World
        run: dict[str, Any] = json.loads(dump(world(Path(folder)).run()))
    return run


def build(folder: Path) -> Path:
    """A build's directory with its manifest."""
    folder.mkdir(parents=True)
    (folder / "model.gguf").write_bytes(gguf())
    recipe = Recipe(framework="llamacpp", name="q8_0", precision=Precision.INT8, nominal_bits=8.5)
    lineage = Lineage(
        source_name="m",
        source_digest="s",
        source_origin="m",
        source_notes=(),
        toolchain="llamacpp",
        toolchain_digest="t",
        tools={"llama.cpp": "1"},
        worker="w",
    )
    unsealed = Manifest(
        version=MANIFEST_VERSION,
        key="k",
        recipe=recipe,
        files=(),
        size_bytes=0,
        weight_bytes=1,
        parameters=1,
        bits_per_weight=8.0,
        lineage=lineage,
    )
    LocalFiles().seal(folder, unsealed)
    return folder


def write(path: Path, document: Any) -> None:
    """A document as JSON."""
    path.write_text(json.dumps(document), encoding="utf-8")
