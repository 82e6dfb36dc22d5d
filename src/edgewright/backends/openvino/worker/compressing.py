"""NNCF's weight compression of an export: its modes, and the methods that look at calibration data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from edgewright.backends.openvino.worker.halving import ROTARY
from edgewright.backends.openvino.worker.mixing import compress
from edgewright.core.measurement.data import Calibration, Ids
from edgewright.core.recipe.recipes import Option

_WINDOW = 128
"""Tokens of a calibration sample: long enough for attention to matter, short enough for the statistics to fit in memory."""

_SAMPLES = 32
_POSITIONS = f".*({'|'.join(ROTARY)}).*"
"""Operations that compute positions: what they read is not a weight, though a matrix product reads it."""

_METHODS = ("awq", "scale_estimation", "gptq", "lora_correction")


def compressed(model: Any, options: Mapping[str, Option], calibration: Calibration | None) -> Any:
    """A model whose weights are stored as the build options say."""
    import nncf

    if "types" in options:
        return compress(model, str(options["types"]))
    more: dict[str, Any] = {}
    group = int(options.get("group_size", -1))
    if group > 0:
        adjust = nncf.AdvancedCompressionParameters(
            group_size_fallback_mode=nncf.GroupSizeFallbackMode.ADJUST
        )
        ratio = float(options.get("percent", 100)) / 100.0
        more = {"group_size": group, "ratio": ratio, "advanced_parameters": adjust}
    more |= {method: True for method in _METHODS if options.get(method)}
    if calibration is not None:
        samples = [_inputs(model, ids) for ids in calibration.windows(_WINDOW, _SAMPLES)]
        more |= {"dataset": nncf.Dataset(samples), "subset_size": len(samples)}
    mode = nncf.CompressWeightsMode(str(options["mode"]))
    return nncf.compress_weights(
        model, mode=mode, ignored_scope=nncf.IgnoredScope(patterns=[_POSITIONS], validate=False), **more
    )


def _inputs(model: Any, ids: Ids) -> dict[str, Any]:
    """One sample for a stateful decoder, by the names that Optimum gives its inputs."""
    import numpy as np

    tokens = np.asarray([ids], dtype=np.int64)
    known = {
        "input_ids": tokens,
        "attention_mask": np.ones_like(tokens),
        "position_ids": np.arange(tokens.shape[1], dtype=np.int64)[None],
        "beam_idx": np.zeros(1, dtype=np.int32),
    }
    return {name: known[name] for port in model.inputs for name in port.get_names() if name in known}


def notes_of(model: Any, group: int) -> tuple[str, ...]:
    """How many matrices are stored how, where that differs from the recipe's name."""
    if group < 0:
        return ()
    kinds = Counter(kind for node in model.get_ops() if (kind := _kind(node)))
    if set(kinds) == {f"4 bits in groups of {group}"}:
        return ()
    return tuple(f"{count} matrices: {kind}" for kind, count in kinds.most_common())


def _kind(node: Any) -> str:
    """In words, how a weight constant is stored: NNCF writes groups as a third dimension, [rows, groups, size]."""
    if node.get_type_name() != "Constant":
        return ""
    element, shape = str(node.get_element_type().to_string()), list(node.get_output_shape(0))
    if element in {"i4", "u4"} and len(shape) == 3 and shape[-1] > 1:
        return f"4 bits in groups of {shape[-1]}"
    if element in {"i8", "u8"} and len(shape) == 2 and shape[-1] > 1:
        return "8 bits, one scale a row"
    return ""
