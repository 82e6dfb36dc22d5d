"""Where two runtimes of one model part: hidden states after each layer, compared in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_APART = 0.05
"""Of a layer's output, by its norm: 16-bit weights differ by 0.001, quantized kernels by 0.02, a wrong layer by its whole."""

Layers = Mapping[int, Any]
"""Float arrays of shape [tokens, hidden size], by the number of the layer that they come out of."""


def first_difference(original: Layers, other: Layers) -> str:
    """In words, which layer is the first to answer otherwise; the layers counted from 0."""
    common = sorted(set(original) & set(other))
    if not common:
        return "cause unknown: the two runtimes have no layer in common"
    for layer in common:
        one, two = np.asarray(original[layer], dtype=np.float64), np.asarray(other[layer], dtype=np.float64)
        if one.shape != two.shape:
            return f"layer {layer} has another shape: {list(two.shape)} instead of {list(one.shape)}"
        apart = float(np.linalg.norm(one - two) / max(float(np.linalg.norm(one)), 1e-12))
        if apart > _APART:
            return (
                f"layer {layer} of {common[-1] + 1} is the first that differs, by {apart:.0%} of its output"
            )
    return "every layer agrees: the difference is in the last norm or the output layer"
