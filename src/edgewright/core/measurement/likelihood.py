"""Contexts with their continuations, as token ids: what tasks ask of a model, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Pair = tuple[tuple[int, ...], tuple[int, ...]]
"""The ids of a context and of its continuation; neither is empty."""


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """A continuation after its context: the sum of its log-probabilities (nat), and whether greedy decoding gives it."""

    total: float
    greedy: bool


def encode_pair(encode: Callable[[str], list[int]], context: str, continuation: str) -> Pair:
    """Ids of a pair as lm-evaluation-harness makes them.

    Spaces at the context's end go to the continuation. Both are encoded together; the continuation's ids are those
    after as many as the context has alone.

    Raises:
        ValueError: one of them has no ids.
    """
    kept = context.rstrip()
    whole = encode(context + continuation)
    before = len(encode(kept))
    pair = (tuple(whole[:before]), tuple(whole[before:]))
    if not all(pair):
        raise ValueError(f"{continuation[:40]!r} after {context[-40:]!r} leaves nothing to score")
    return pair
