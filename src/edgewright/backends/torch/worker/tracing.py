"""What comes out of each layer of the original, by forward hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgewright.errors import UnsupportedError


def trace(model: Any, tokens: Any, ids: Sequence[int]) -> dict[int, Any]:
    """Float32 arrays of shape [tokens, hidden size] by layer.

    Raises:
        UnsupportedError: the model does not keep its layers where others do.
    """
    import torch

    layers = getattr(model.base_model, "layers", None) or getattr(model.base_model, "h", None)
    if not layers:
        raise UnsupportedError("Transformers uses a different name for this model's layers.")
    found: dict[int, Any] = {}

    def keep(number: int) -> Any:
        def hook(layer: Any, given: Any, output: Any) -> None:
            del layer, given
            state = output[0] if isinstance(output, tuple) else output
            found[number] = state.reshape(len(ids), -1).float().cpu().numpy()

        return hook

    handles = [layer.register_forward_hook(keep(number)) for number, layer in enumerate(layers)]
    with torch.inference_mode():
        model(tokens, use_cache=False)
    for handle in handles:
        handle.remove()
    return found
