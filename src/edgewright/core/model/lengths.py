"""Windows on both sides of every length at which a model changes: there conversions go wrong, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PLAIN = (64, 512)
"""Windows for a model that computes the same at every length: a short one and a usual one."""
_MOST = 8192
"""Tokens of the longest window; beyond it scoring takes longer than it tells."""
_ENDLESS = 2**31


def turning_points(config: Mapping[str, Any]) -> tuple[int, ...]:
    """Lengths in tokens at which a model of this config.json begins to compute otherwise."""
    text = config.get("text_config")
    inner: Mapping[str, Any] = text if isinstance(text, Mapping) and text else config
    found = {_original_context(inner), _window(inner)}
    return tuple(sorted(point for point in found if point))


def validation_lengths(points: Sequence[int]) -> tuple[int, ...]:
    """Window lengths to compare conversions on: of every point within reach one is shorter, and one well beyond it."""
    found = set(PLAIN)
    for point in sorted(points):
        beyond = point + point // 4 + 16
        if beyond > _MOST:
            continue
        if min(found) >= point:
            found.add(max(point // 2, 2))
        if max(found) < beyond:
            found = {length for length in found if length < max(found)} | {beyond}
    return tuple(sorted(found))


def _original_context(config: Mapping[str, Any]) -> int:
    """Where rope factors are chosen by length (long rope, dynamic scaling), the context that the model had before."""
    rope = config.get("rope_parameters") or config.get("rope_scaling")
    if not isinstance(rope, Mapping):
        return 0
    kinds = [rope, *(part for part in rope.values() if isinstance(part, Mapping))]
    scaled = [
        part
        for part in kinds
        if str(part.get("rope_type", part.get("type"))) in {"longrope", "su", "dynamic"}
    ]
    if not scaled:
        return 0
    named = scaled[0].get("original_max_position_embeddings") or config.get(
        "original_max_position_embeddings"
    )
    return _length(named or config.get("max_position_embeddings"))


def _window(config: Mapping[str, Any]) -> int:
    """The sliding window, where layers use one."""
    window = config.get("sliding_window")
    if not window or config.get("use_sliding_window") is False:
        return 0
    kinds = config.get("layer_types")
    return _length(window) if not isinstance(kinds, list) or "sliding_attention" in kinds else 0


def _length(value: object) -> int:
    """A length in tokens; 0 for what is none: what reads the model refuses it in its own words."""
    return int(value) if isinstance(value, int | float) and 0 < value < _ENDLESS else 0
