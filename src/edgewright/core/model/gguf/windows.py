"""What llama.cpp's code knows of Gemma 2 and 3 and the file need not say: attention scale, windows, the local rope."""

from __future__ import annotations

from typing import Any

from edgewright.core.model.gguf.settings import Settings, UnmappedError

_SLIDING, _FULL = "sliding_attention", "full_attention"
_GEMMA2_WINDOW, _GEMMA2_PATTERN, _GEMMA2_27B_LAYERS = 4096, 2, 46
_GEMMA3_PATTERN, _GEMMA3_27B_LAYERS, _GEMMA3_LOCAL_BASE = 6, 62, 10_000.0


def finish_gemma2(config: dict[str, Any], settings: Settings) -> None:
    """Every second layer looks at a window; both kinds share one rope."""
    config["sliding_window"] = int(settings.number("attention.sliding_window", _GEMMA2_WINDOW))
    local = float(settings.number("rope.freq_base_swa", config["rope_parameters"]["rope_theta"]))
    if local != config["rope_parameters"]["rope_theta"]:
        raise UnmappedError("rope.freq_base_swa")
    config["layer_types"] = _layer_types(config, int(_pattern(settings, _GEMMA2_PATTERN)))
    config["query_pre_attn_scalar"] = _attention_scale(config, _GEMMA2_27B_LAYERS)


def finish_gemma3(config: dict[str, Any], settings: Settings) -> None:
    """Five of six layers look at a window, with a rope of their own that is never scaled."""
    window = settings.take("attention.sliding_window")
    local = float(settings.number("rope.freq_base_swa", _GEMMA3_LOCAL_BASE))
    pattern = int(_pattern(settings, _GEMMA3_PATTERN)) if window else 1
    config["sliding_window"] = int(window or config.get("max_position_embeddings", 0))
    config["layer_types"] = _layer_types(config, pattern)
    config["sliding_window_pattern"] = pattern
    config["query_pre_attn_scalar"] = _attention_scale(config, _GEMMA3_27B_LAYERS)
    whole = config["rope_parameters"]
    config["rope_parameters"] = {
        _FULL: whole,
        _SLIDING: {"rope_type": "default", "rope_theta": local},
    }
    config["rope_theta"], config["rope_local_base_freq"] = whole["rope_theta"], local
    if whole["rope_type"] != "default":
        config["rope_scaling"] = {key: value for key, value in whole.items() if key != "rope_theta"}


def _pattern(settings: Settings, default: int) -> float:
    """Layers from one that sees everything to the next."""
    if "attention.sliding_window_pattern" not in settings:
        return default
    return settings.number("attention.sliding_window_pattern")


def _layer_types(config: dict[str, Any], pattern: int) -> list[str]:
    return [_SLIDING if (n + 1) % pattern else _FULL for n in range(config["num_hidden_layers"])]


def _attention_scale(config: dict[str, Any], layers_of_27b: int) -> int:
    """llama.cpp tells the 27B model by its layers; its queries are scaled by another width."""
    if config["num_hidden_layers"] == layers_of_27b:
        return int(config["hidden_size"] // config["num_attention_heads"])
    return int(config["head_dim"])
