"""How fast a model can be on a host at best: its bytes over the host's bandwidth, its operations over the host's FLOP/s."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.core.model.facts import ModelFacts
from edgewright.reasons import Reason, because

_ABOVE = 1.05
"""A measured speed beyond this share of its bound contradicts it."""

_RESIDENT = 2.0
"""Weights of fewer than this many last-level caches may stay in the cache, where memory bandwidth bounds nothing."""


@dataclass(frozen=True, kw_only=True)
class Capability:
    """What a host can do at once, measured on all usable cores: reading large arrays, float32 matrix products."""

    read_gb_s: float
    gflop_s: float
    cores: int
    last_level_cache_bytes: int | None
    method: str


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The best that a phase can reach, in tokens/s, with what it is made of; None with the reason where there is none."""

    tok_s: float | None
    per_token: float
    unit: str
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class Roofline:
    """Both phases' bounds, and whether what was measured contradicts them."""

    capability: Capability
    decode: Bound
    prefill: Bound
    inconsistent: Reason | None = None


def bytes_per_token(
    weight_bytes: float, facts: ModelFacts | None, context: int, kv_bytes: float = 2.0
) -> float:
    """Bytes that decoding one token reads: every weight (of untied embeddings one row only) and the KV cache."""
    if facts is None:
        return float(weight_bytes)
    share = 0.0 if facts.tied_embeddings else facts.embedding_parameters / facts.parameters
    return weight_bytes * (1.0 - share) + facts.kv_cache_bytes(context, kv_bytes)


def flop_per_token(facts: ModelFacts, context: int) -> float:
    """Operations of prefilling one token: two a weight that takes part, and attention over half of the context."""
    active = facts.parameters - (0 if facts.tied_embeddings else facts.embedding_parameters)
    return 2.0 * active + 4.0 * facts.layers * facts.heads * facts.head_size * context / 2


def decode_bound(
    capability: Capability, weight_bytes: float, facts: ModelFacts | None, context: int
) -> Bound:
    """The most tokens that memory lets a build of this many bytes decode in a second, at a context of so many tokens."""
    read = bytes_per_token(weight_bytes, facts, context)
    cache = capability.last_level_cache_bytes
    if facts is not None and facts.experts:
        reason = because("experts_unknown")
        return Bound(tok_s=None, per_token=read, unit="byte", reason=reason)
    if cache is not None and weight_bytes <= _RESIDENT * cache:
        reason = because("cache_resident", weights=weight_bytes, cache=cache)
        return Bound(tok_s=None, per_token=read, unit="byte", reason=reason)
    return Bound(tok_s=capability.read_gb_s * 1e9 / read, per_token=read, unit="byte")


def roofline(
    capability: Capability,
    weight_bytes: int,
    facts: ModelFacts | None,
    *,
    prompt_tokens: int,
    decode_tokens: int,
    decode_tok_s: float,
) -> Roofline:
    """Bounds for one workload, compared with the measured decode speed."""
    context = prompt_tokens + decode_tokens // 2
    decode = decode_bound(capability, weight_bytes, facts, context)
    prefill = Bound(tok_s=None, per_token=0.0, unit="FLOP", reason=because("dimensions_unknown"))
    if facts is not None and not facts.experts:
        work = flop_per_token(facts, prompt_tokens)
        prefill = Bound(tok_s=capability.gflop_s * 1e9 / work, per_token=work, unit="FLOP")
    inconsistent = None
    if decode.tok_s is not None and decode_tok_s > _ABOVE * decode.tok_s:
        inconsistent = because("above_bandwidth", speed=decode_tok_s, bound=decode.tok_s)
    return Roofline(capability=capability, decode=decode, prefill=prefill, inconsistent=inconsistent)
