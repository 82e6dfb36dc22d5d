"""Where two runtimes of one model part: hidden states after each layer, compared in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgewright.reasons import Reason, because

_APART = 0.05
"""Of a layer's output, by its norm: 16-bit weights differ by 0.001, quantized kernels by 0.02, a wrong layer by its whole."""

Layers = Mapping[int, Any]
"""Float arrays of shape [tokens, hidden size], by the number of the layer that they come out of."""


def first_difference(original: Layers, other: Layers) -> Reason:
    """Which layer is the first to answer otherwise; the layers are counted from 0."""
    common = sorted(set(original) & set(other))
    if not common:
        return because("no_common_layer")
    for layer in common:
        one, two = np.asarray(original[layer], dtype=np.float64), np.asarray(other[layer], dtype=np.float64)
        if one.shape != two.shape:
            return because(
                "layer_shape", layer=layer, got=str(list(two.shape)), expected=str(list(one.shape))
            )
        apart = float(np.linalg.norm(one - two) / max(float(np.linalg.norm(one)), 1e-12))
        if apart > _APART:
            return because("layer_differs", layer=layer, layers=common[-1] + 1, share=apart)
    return because("layers_agree")
