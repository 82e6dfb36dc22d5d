"""The Olive passes of each recipe.

Measured on a Llama of 135 million parameters (KL divergence to float32 over 512 tokens; bytes of weights):

    8 bits  dynamic quantization (QInt8)       0.510    165 MB
            k-quant, block 32                  0.0036   271 MB  (embedding stays float32)
            round to nearest, block 32         0.0041   185 MB  <- chosen: as accurate, smaller, five times faster to build
    4 bits  round to nearest, block 32         0.309    200 MB
            k-quant, output layer at 8 bits    0.219    216 MB  <- chosen, with its embedding at 8 bits too: 0.220, 135 MB

On 2,048 tokens of another text, and with the ends at 8 bits: the chosen k-quant 0.248 (137 MB), GPTQ 0.081 in blocks of 32
(137 MB) and 0.098 in blocks of 64 (125 MB). GPTQ takes minutes where the others take seconds, so it is left to a search.

Accuracy level 4 (8-bit activations) is what makes these kernels fast: k-quant at 8 bits fell from 116 to 8 tokens/s
without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from edgewright.core.recipe.allocation import named_types
from edgewright.core.recipe.recipes import Option
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD
from edgewright.errors import UnsupportedError, UsageError

_ACCURACY_LEVEL = 4
_BLOCK = 32
_EMBEDDING = "/model/embed_tokens/Gather"
_ENDS = {EMBEDDING: _EMBEDDING, HEAD: "/lm_head/MatMul"}
# No Python code of the model's directory is run. A tied embedding stays a matrix of its own, which the later passes look for.
# Every layer's cache holds every position: GenAI 0.18's shorter ones demand a request that is longer than their window.
_PLAIN = {"hf_remote": False, "shared_embeddings": False, "windowed_kv_cache": False}
_EXTERNAL = {"save_as_external_data": True, "external_data_name": "model.onnx.data"}

Passes = dict[str, dict[str, Any]]


def passes(options: Mapping[str, Option], data: Mapping[str, Any] | None = None) -> Passes:
    """Olive's ``passes`` for a recipe's build options, in order; ``data`` is Olive's description of calibration text.

    Raises:
        UsageError: no such set of passes.
    """
    makers: dict[str, Callable[[Mapping[str, Option]], Passes]] = {
        "fp32": _fp32,
        "int8": _int8,
        "int4": _int4,
        "gptq": partial(_gptq, data=data),
        "dynamic": _dynamic,
        "mixed": _mixed,
    }
    name = str(options["passes"])
    if name not in makers:
        raise UsageError(f'No Olive passes are called "{name}".', hint=f"Known: {', '.join(makers)}.")
    return makers[name](options)


def _fp32(options: Mapping[str, Option]) -> Passes:
    del options
    return {"build": {"type": "ModelBuilder", "precision": "fp32", "extra_options": _PLAIN}}


def _int8(options: Mapping[str, Option]) -> Passes:
    excluded = [] if options["quantize_embedding"] else [_EMBEDDING]
    return {
        **_fp32(options),
        "quantize": {**_rtn(options), "nodes_to_exclude": excluded},
        "rename": _renamed("8"),
    }


def _int4(options: Mapping[str, Option]) -> Passes:
    # Among the builder's own options: Olive's names for them (int4_block_size and the like) are no longer read.
    extra = {
        **_PLAIN,
        "block_size": options["group_size"],
        "accuracy_level": _ACCURACY_LEVEL,
        "algo_config": options["algorithm"],
    }
    build = {"type": "ModelBuilder", "precision": "int4", "extra_options": extra}
    if not options["quantize_embedding"]:
        return {"build": build}
    return {"build": build, "embedding": {**_rtn(options), "nodes_to_include": [_EMBEDDING]}}


def _gptq(options: Mapping[str, Option], data: Mapping[str, Any] | None) -> Passes:
    """Second-order rounding of the blocks' matrices before the export; the ends as in the other builds of 4 bits."""
    rounded = {
        "type": "Gptq",
        "bits": 4,
        "group_size": options["group_size"],
        "sym": False,
        "data_config": data,
    }
    return {"gptq": rounded, **_int4({**options, "algorithm": "k_quant_last"})}


def _dynamic(options: Mapping[str, Option]) -> Passes:
    """8-bit weights and activations, each activation's scale found as it comes: ONNX Runtime's oldest way."""
    return {
        **_fp32(options),
        "quantize": {"type": "OnnxDynamicQuantization", "weight_type": "QInt8", **_EXTERNAL},
    }


def _mixed(options: Mapping[str, Option]) -> Passes:
    """Float32, then k-quants by an allocation; Q, K and V stay apart, so that each can have its own bits.

    The k-quant pass knows matrix products only; rows that are looked up are rounded to nearest.
    """
    types = named_types(str(options["types"]))
    embedding = types.pop(EMBEDDING, "")
    settings = {}
    for module, kind in types.items():
        bits, _, block = kind.partition(":")
        settings[_node(module)] = {"bits": int(bits), "group_size": int(block)}
    extra = {**_PLAIN, "fuse_qkv": False}
    found: Passes = {"build": {"type": "ModelBuilder", "precision": "fp32", "extra_options": extra}}
    found["quantize"] = {
        "type": "OnnxKQuantQuantization",
        "accuracy_level": _ACCURACY_LEVEL,
        "customized_weight_config": settings,
        **_EXTERNAL,
    }
    if embedding:
        bits, _, block = embedding.partition(":")
        rounded = _rtn({"group_size": int(block)}, int(bits))
        found["embedding"] = {**rounded, "nodes_to_include": [_EMBEDDING]}
    if HEAD in types:
        found["rename"] = _renamed(types[HEAD].partition(":")[0])
    return found


def _node(module: str) -> str:
    """The model builder's name of the node that reads a module's weights."""
    if module in _ENDS:
        return _ENDS[module]
    inside = re.fullmatch(r"model\.layers\.(\d+)\.(self_attn|mlp)\.(\w+)", module)
    if inside is None:
        raise UnsupportedError(f"The model builder of ONNX Runtime GenAI has no node for {module}.")
    part = "attn" if inside[2] == "self_attn" else "mlp"
    return f"/model/layers.{inside[1]}/{part}/{inside[3]}/MatMul"


def _renamed(bits: str) -> dict[str, Any]:
    """Round-to-nearest renames the output of every node it replaces, the model's own output included."""
    rename = {"surgeon": "RenameOutputs", "old_names": [f"logits_Q{bits}"], "new_names": ["logits"]}
    return {"type": "GraphSurgeries", "surgeries": [rename], **_EXTERNAL}


def _rtn(options: Mapping[str, Option], bits: int = 8) -> dict[str, Any]:
    return {
        "type": "OnnxBlockWiseRtnQuantization",
        "bits": bits,
        "block_size": options["group_size"],
        "accuracy_level": _ACCURACY_LEVEL,
        **_EXTERNAL,
    }
