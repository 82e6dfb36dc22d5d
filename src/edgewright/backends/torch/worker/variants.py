"""Sources made from sources: a tiny one for dry runs, and one whose weights are taken off their quantization grid."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgewright.backends.torch.worker.checkpoint import OUTPUT, save_weights, weight_files
from edgewright.backends.torch.worker.portable import (
    check,
    read_config,
    tied_output,
    write_config,
)
from edgewright.backends.torch.worker.tokenizer_files import copy_companions
from edgewright.core.jobs.results import Progress
from edgewright.core.model.tiny import LEAST_LAYERS, shrink
from edgewright.core.recipe.recipes import Option
from edgewright.errors import UnsupportedError
from edgewright.ports import Tell


def write_tiny(origin: Path, out: Path, options: Mapping[str, Option], tell: Tell) -> list[str]:
    """The same architecture and tokenizer with two ``layers`` (or as many as asked for, or as the family's pattern has)."""
    import torch
    import transformers

    config = read_config(origin)
    layers = _shrink(config, int(options.get("layers", LEAST_LAYERS)))
    torch.manual_seed(int(options.get("seed", 0)))
    tell(Progress(message=f"making a model of {layers} layers of the same architecture"))
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    weights = {name: w for name, w in model.state_dict().items() if not tied_output(name, config)}
    save_weights(weights, out / "model.safetensors")
    write_config(model.config, out, dtype="float32", origin=origin)
    copy_companions(origin, out)
    check(out, tell)
    return [f"{layers} layers of random weights: for a dry run, not for use"]


def _shrink(config: Any, least: int) -> int:
    """Changes the configuration; how many layers are left."""
    names = (
        "num_hidden_layers",
        "hidden_size",
        "num_attention_heads",
        "num_key_value_heads",
        "intermediate_size",
    )
    usual = {name: getattr(config, name) for name in names if hasattr(config, name)}
    shrunk = shrink({**config.to_dict(), **usual}, least)
    for name, value in shrunk.settings.items():
        setattr(config, name, value)
    return len(shrunk.layers)


def write_permuted(origin: Path, out: Path, options: Mapping[str, Option], tell: Tell) -> list[str]:
    """The same function with its hidden, feed-forward and value dimensions in another order.

    Weights that were dequantized lie on the grid of their blocks, where requantizing them is nearly free. A consistent
    permutation (rows here, columns there) leaves every logit as it was, up to rounding, and puts other weights into
    each block: the result stands for a model that was never quantized. Llama-like layouts only.
    """
    import torch
    from safetensors.torch import load_file

    config = json.loads((origin / "config.json").read_text(encoding="utf-8"))
    weights: dict[str, Any] = {}
    for shard in weight_files(origin):
        weights |= load_file(shard)
    generator = torch.Generator().manual_seed(int(options.get("seed", 0)))

    def order(size: int) -> Any:
        return torch.randperm(size, generator=generator)

    tell(Progress(message="permuting the model's dimensions"))
    moved = _permuted(weights, config, order)
    save_weights(moved, out / "model.safetensors")
    shutil.copyfile(origin / "config.json", out / "config.json")
    copy_companions(origin, out)
    check(out, tell)
    return [
        (
            "its dimensions were permuted: the output stays the same, and the weights no longer lie on their "
            "block grid"
        )
    ]


def _permuted(
    weights: Mapping[str, Any], config: Mapping[str, Any], order: Callable[[int], Any]
) -> dict[str, Any]:
    import torch

    heads, kv_heads = int(config["num_attention_heads"]), int(config["num_key_value_heads"])
    head = int(config.get("head_dim") or config["hidden_size"] // heads)
    hidden = order(int(config["hidden_size"]))
    moved: dict[str, Any] = {}
    for layer in range(int(config["num_hidden_layers"])):
        inner = order(int(config["intermediate_size"]))
        values = [order(head) for _ in range(kv_heads)]
        rows = torch.cat([order_ + head * number for number, order_ in enumerate(values)])
        columns = torch.cat([values[q // (heads // kv_heads)] + head * q for q in range(heads)])
        places: dict[str, tuple[Any, Any]] = {
            "self_attn.q_proj": (None, hidden),
            "self_attn.k_proj": (None, hidden),
            "self_attn.v_proj": (rows, hidden),
            "self_attn.o_proj": (hidden, columns),
            "mlp.gate_proj": (inner, hidden),
            "mlp.up_proj": (inner, hidden),
            "mlp.down_proj": (hidden, inner),
            "input_layernorm": (hidden, None),
            "post_attention_layernorm": (hidden, None),
        }
        for name, (row, column) in places.items():
            for part in ("weight", "bias"):
                key = f"model.layers.{layer}.{name}.{part}"
                if key in weights:
                    moved[key] = _reorder(weights[key], row, column)
    for key, row, column in (
        ("model.embed_tokens.weight", None, hidden),
        (OUTPUT, None, hidden),
        ("model.norm.weight", hidden, None),
    ):
        if key in weights:
            moved[key] = _reorder(weights[key], row, column)
    strangers = sorted(set(weights) - set(moved))
    if strangers:
        raise UnsupportedError(
            f"The permutation supports only Llama-like models; {strangers[0]} is not part of one."
        )
    return moved


def _reorder(weight: Any, row: Any, column: Any) -> Any:
    weight = weight if row is None else weight[row]
    return weight if column is None or weight.ndim < 2 else weight[:, column]
