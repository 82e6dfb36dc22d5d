"""Rotary position embeddings of a GGUF file as Transformers' ``rope_parameters``.

llama.cpp keeps linear and YaRN scaling in settings, and Llama 3's and long rope's factors in tensors. Llama 3's four numbers
are not stored at all: they are recovered from the factors, and must give the very same factors again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgewright.core.model.gguf.settings import Settings, UnmappedError
from edgewright.core.quoted import quoted

FREQUENCIES = "rope_freqs.weight"
LONG, SHORT = "rope_factors_long.weight", "rope_factors_short.weight"
_BASE = 10_000.0
_TOLERANCE = 1e-4
"""Relative: factors are stored in float32."""
_IRRELEVANT = "rope.scaling.finetuned"
"""A remark on training; llama.cpp only prints it."""


def rope_parameters(settings: Settings, *, rotated: int) -> dict[str, Any]:
    """``rope_parameters`` for ``rotated`` dimensions of a head.

    Raises:
        UnmappedError: a scaling that Transformers has no counterpart of.
    """
    base = float(settings.number("rope.freq_base", _BASE))
    kind = str(settings.take("rope.scaling.type", "none"))
    factor = _factor(settings)
    original = settings.take("rope.scaling.original_context_length")
    settings.take(_IRRELEVANT)
    frequencies, long, short = (settings.factors(name) for name in (FREQUENCIES, LONG, SHORT))
    if frequencies is not None:
        if kind != "none" or factor != 1.0 or len(frequencies) != rotated // 2:
            raise UnmappedError(f"{FREQUENCIES} occurs together with another rope scaling")
        return _from_frequencies(frequencies, base, rotated)
    if long is not None and short is not None:
        return _long_rope(settings, base, original, long, short)
    if kind == "yarn":
        return {"rope_type": "yarn", "rope_theta": base, "factor": factor, **_yarn(settings, original)}
    if kind not in {"none", "linear"}:
        raise UnmappedError(f"rope.scaling.type is {quoted(kind)}")
    if kind == "none" and factor != 1.0:
        raise UnmappedError(f"rope.scaling.factor is {factor:g} and rope.scaling.type is 'none'")
    if factor == 1.0:
        return {"rope_type": "default", "rope_theta": base}
    return {"rope_type": "linear", "rope_theta": base, "factor": factor}


def _factor(settings: Settings) -> float:
    """How many times longer the context is made; files of 2023 say it by an older name."""
    older = float(settings.number("rope.scale_linear", 0.0))
    factor = float(settings.number("rope.scaling.factor", 0.0)) or older
    return factor or 1.0


def _yarn(settings: Settings, original: object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if original is not None:
        found["original_max_position_embeddings"] = original
    names = {"yarn_beta_fast": "beta_fast", "yarn_beta_slow": "beta_slow", "attn_factor": "attention_factor"}
    for name, theirs in names.items():
        value = settings.take(f"rope.scaling.{name}")
        if value is not None:
            found[theirs] = value
    return found


def _long_rope(
    settings: Settings, base: float, original: object, long: Sequence[float], short: Sequence[float]
) -> dict[str, Any]:
    if original is None:
        raise UnmappedError(f"{LONG} without rope.scaling.original_context_length")
    found = {
        "rope_type": "longrope",
        "rope_theta": base,
        "long_factor": list(long),
        "short_factor": list(short),
        "original_max_position_embeddings": original,
    }
    attention = settings.take("rope.scaling.attn_factor")
    return found if attention is None else {**found, "attention_factor": float(attention)}


def _from_frequencies(factors: Sequence[float], base: float, rotated: int) -> dict[str, Any]:
    if max(factors) - min(factors) < _TOLERANCE:
        if abs(factors[0] - 1.0) < _TOLERANCE:
            return {"rope_type": "default", "rope_theta": base}
        return {"rope_type": "linear", "rope_theta": base, "factor": factors[0]}
    found = _llama3(factors, base, rotated)
    again = llama3_factors(found, rotated)
    worst = max(abs(a / b - 1.0) for a, b in zip(again, factors, strict=True))
    if worst > _TOLERANCE:
        raise UnmappedError(f"{FREQUENCIES} does not follow Llama 3's rule")
    return found


def _llama3(factors: Sequence[float], base: float, rotated: int) -> dict[str, Any]:
    """Llama 3's rule is linear in 1 / wavelength between two bounds: two factors between them give all numbers."""
    factor = max(factors)
    between = [
        (1.0 / wavelength, (1.0 / f - 1.0 / factor) / (1.0 - 1.0 / factor))
        for wavelength, f in zip(_wavelengths(base, rotated), factors, strict=True)
        if 1.0 + _TOLERANCE < f < factor * (1.0 - _TOLERANCE)
    ]
    usual = {"rope_type": "llama3", "rope_theta": base, "factor": factor, "low_freq_factor": 1.0}
    if len(between) < 2:
        return {**usual, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    (x1, y1), (x2, y2) = between[0], between[-1]
    slope = (y1 - y2) / (x1 - x2)
    offset = slope * x1 - y1
    high = 1.0 + 1.0 / offset if offset > 0 else math.inf
    if not math.isfinite(high):
        raise UnmappedError(f"{FREQUENCIES} does not follow Llama 3's rule")
    original = round(slope * (high - 1.0))
    return {**usual, "high_freq_factor": round(high, 3), "original_max_position_embeddings": original}


def llama3_factors(parameters: dict[str, Any], rotated: int) -> list[float]:
    """What each frequency is divided by, by the rule of Llama 3.1 (transformers' ``llama3`` rope)."""
    factor, low, high = (
        float(parameters[name]) for name in ("factor", "low_freq_factor", "high_freq_factor")
    )
    original = float(parameters["original_max_position_embeddings"])
    smooth = (original / _wavelengths(float(parameters["rope_theta"]), rotated) - low) / (high - low)
    kept = np.clip(smooth, 0.0, 1.0)
    return [float(value) for value in 1.0 / ((1.0 - kept) / factor + kept)]


def _wavelengths(base: float, rotated: int) -> Any:
    return 2.0 * math.pi * base ** (np.arange(0, rotated, 2, dtype=np.float64) / rotated)
