"""Made-up records for tests: a model's facts, scores, a timed block."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from edgewright.core.measurement.memory import Memory, MemoryPhase
from edgewright.core.measurement.noise import Noise
from edgewright.core.measurement.records import Against, Block, Placement, Request, Scores
from edgewright.core.model.facts import Modality, ModelFacts, Task
from edgewright.core.recipe.artifact import Lineage

LINEAGE = Lineage(
    source_name="model",
    source_digest="s",
    source_origin="model",
    source_notes=(),
    toolchain="t",
    toolchain_digest="t",
    tools={},
    worker="w",
)
"""Where a build came from that no framework made."""

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


def scores(kl: float = 0.01, *, right: float = 0.5, n: int = 2044) -> Scores:
    """Scores with a given divergence and share of right answers; the original is right on every second position.

    Right answers are spread evenly, so that clusters differ little.
    """
    reference = tuple(i % 2 == 0 for i in range(n))
    wrong_every = round(0.5 / (0.5 - right)) if right < 0.5 else 0
    correct = tuple(r and not (wrong_every and (i // 2) % wrong_every == 0) for i, r in enumerate(reference))
    return Scores(
        tokens=n + 4,
        windows=(n // 4,) * 4,
        nll=(3.0 + kl,) * n,
        correct=correct,
        against=Against(kl=(kl,) * n, agree=(True,) * n, nll=(3.0,) * n, correct=reference),
        generated=tuple(range(32)),
        placement=_PLACEMENT,
    )


def memory(peak_bytes: int = 100_000_000) -> Memory:
    """One phase whose peak is all anonymous."""
    phase = MemoryPhase(phase="decoded", peak=peak_bytes, anonymous=peak_bytes, file=0, shared=0, weights=0)
    return Memory(phases=(phase,), load_mode="read into memory", method="made up")


def block(
    tok_s: float = 100.0,
    *,
    peak_bytes: int = 100_000_000,
    tokens: int = 32,
    requests: int = 5,
    noise: Noise | None = None,
) -> Block:
    """A steady block at a given decode speed."""
    step = 1000.0 / tok_s
    times = tuple(50.0 + step * (i + 0.01 * math.sin(i)) for i in range(tokens))
    request = Request(prompt_tokens=128, token_times_ms=times, token_ids=tuple(range(tokens)))
    return Block(
        load_s=0.5,
        warmup=4,
        steady=True,
        requests=(request,) * requests,
        cpu_s=1.0,
        memory=memory(peak_bytes),
        noise=noise or Noise(wall_s=10.0),
        placement=_PLACEMENT,
    )
