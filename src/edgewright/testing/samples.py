"""Made-up records for tests: a model's facts, scores, a timed block."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from edgewright.core.measurement import Block, Placement, Request, Scores
from edgewright.core.model import Modality, ModelFacts, Task

_PLACEMENT = Placement(device="cpu", weights="int8", activations="float32", kv_cache="float16", threads=2)


def facts(**changes: Any) -> ModelFacts:
    """Facts of a small Llama-like model."""
    base = ModelFacts(
        task=Task.TEXT_GENERATION,
        modality=Modality.TEXT,
        architecture="LlamaForCausalLM",
        model_type="llama",
        parameters=1_000_000,
        embedding_parameters=100_000,
        layers=2,
        hidden_size=64,
        intermediate_size=128,
        heads=4,
        kv_heads=2,
        head_size=16,
        vocabulary=1000,
        context=2048,
        dtype="float32",
        weight_bytes=4_000_000,
        tied_embeddings=True,
        row_sizes=((64, 800_000), (128, 200_000)),
    )
    return replace(base, **changes)


def scores(kl: float = 0.01, *, right: float = 0.5, n: int = 400) -> Scores:
    """Scores with a given divergence and share of right answers; the original is right on every second position."""
    return Scores(
        tokens=n + 4,
        windows=4,
        nll=3.0 + kl,
        correct=tuple(i % 100 < right * 100 for i in range(n)),
        window_nll=(3.0,) * 4,
        kl_mean=kl,
        kl_median=kl,
        kl_p99=kl,
        top1_agreement=0.9,
        reference_correct=tuple(i % 100 < 50 for i in range(n)),
        reference_nll=3.0,
        placement=_PLACEMENT,
    )


def block(
    tok_s: float = 100.0, *, peak_bytes: int = 100_000_000, tokens: int = 64, requests: int = 3
) -> Block:
    """A steady block at a given decode speed."""
    step = 1000.0 / tok_s
    times = tuple(50.0 + step * (i + 0.01 * math.sin(i)) for i in range(tokens))
    request = Request(prompt_tokens=128, token_times_ms=times, token_ids=tuple(range(tokens)))
    return Block(
        load_s=0.5,
        requests=(request,) * requests,
        peak_bytes=peak_bytes,
        peak_method="made up",
        placement=_PLACEMENT,
    )
