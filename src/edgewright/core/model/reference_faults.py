"""Models that the reference's own release of Transformers computes wrongly: nothing may be compared with those. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def reference_fault(config: Mapping[str, Any]) -> str:
    """Why the reference (Transformers 5.5.4) is not an original of this config.json, as a sentence; empty where it is one.

    OLMo 3 scales rope in its layers with full attention only; 5.5.4 gives the scaling to the sliding layers, too. llama.cpp,
    MLX and later releases of Transformers agree with each other.
    """
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    windows = "sliding_attention" in (config.get("layer_types") or ("sliding_attention",))
    if config.get("model_type") == "olmo3" and kind != "default" and windows:
        return (
            f"Transformers 5.5.4, which runs the original, applies OLMo 3's rope scaling ({kind}) to the "
            "sliding-window layers, but the model does not: there is no correct original to compare with"
        )
    return ""
