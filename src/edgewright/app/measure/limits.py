"""How long a build may take to score a text."""

from __future__ import annotations

SCORE_LIMIT_S = 10.0
"""Seconds that every build may take, however fast the original is."""


def score_limit(least_s: float, original_s: float) -> float:
    """Seconds that a build may take to score a text: half as many again as the original's ``original_s``, or the least."""
    return max(least_s, round(1.5 * original_s))
