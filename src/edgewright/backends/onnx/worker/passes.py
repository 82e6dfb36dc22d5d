"""The Olive passes of each recipe.

Measured on a Llama of 135 million parameters (KL divergence to float32 over 512 tokens; bytes of weights):

    8 bits  dynamic quantization (QInt8)       0.510    165 MB
            k-quant, block 32                  0.0036   271 MB  (embedding stays float32)
            round to nearest, block 32         0.0041   185 MB  <- chosen: as accurate, smaller, five times faster to build
    4 bits  round to nearest, block 32         0.309    200 MB
            k-quant, output layer at 8 bits    0.219    216 MB  <- chosen, with its embedding at 8 bits too: 0.220, 135 MB

Accuracy level 4 (8-bit activations) is what makes these kernels fast: k-quant at 8 bits fell from 116 to 8 tokens/s
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgewright.core.recipe import Option
from edgewright.errors import UsageError

_ACCURACY_LEVEL = 4
_EMBEDDING = "/model/embed_tokens/Gather"
# The builder's default runs Python code that it finds in the model's directory.
_TRUST = {"hf_remote": False}
_EXTERNAL = {"save_as_external_data": True, "external_data_name": "model.onnx.data"}

Passes = dict[str, dict[str, Any]]


def passes(options: Mapping[str, Option]) -> Passes:
    """Olive's ``passes`` for a recipe's build options, in order.

    Raises:
        UsageError: no such set of passes.
    """
    makers: dict[str, Callable[[Mapping[str, Option]], Passes]] = {
        "fp32": _fp32,
        "int8": _int8,
        "int4": _int4,
    }
    name = str(options["passes"])
    if name not in makers:
        raise UsageError(f'No Olive passes are called "{name}".', hint=f"There are: {', '.join(makers)}.")
    return makers[name](options)


def _fp32(options: Mapping[str, Option]) -> Passes:
    del options
    return {"build": {"type": "ModelBuilder", "precision": "fp32", "extra_options": _TRUST}}


def _int8(options: Mapping[str, Option]) -> Passes:
    excluded = [] if options["quantize_embedding"] else [_EMBEDDING]
    # Round-to-nearest renames the output of every node it replaces, the model's own output included.
    rename = {"surgeon": "RenameOutputs", "old_names": ["logits_Q8"], "new_names": ["logits"]}
    return {
        **_fp32(options),
        "quantize": {**_rtn(options), "nodes_to_exclude": excluded},
        "rename": {"type": "GraphSurgeries", "surgeries": [rename], **_EXTERNAL},
    }


def _int4(options: Mapping[str, Option]) -> Passes:
    build = {
        "type": "ModelBuilder",
        "precision": "int4",
        "int4_block_size": options["block_size"],
        "int4_accuracy_level": _ACCURACY_LEVEL,
        "int4_algo_config": "k_quant_last",
        "extra_options": _TRUST,
    }
    if not options["quantize_embedding"]:
        return {"build": build}
    return {"build": build, "embedding": {**_rtn(options), "nodes_to_include": [_EMBEDDING]}}


def _rtn(options: Mapping[str, Option]) -> dict[str, Any]:
    return {
        "type": "OnnxBlockWiseRtnQuantization",
        "bits": 8,
        "block_size": options["block_size"],
        "accuracy_level": _ACCURACY_LEVEL,
        **_EXTERNAL,
    }
