"""The record of a profile: what a build used, where its time went, what limits it, and what to change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from edgewright.core.decision.bottleneck import (
    Advice,
    Bottleneck,
    advice,
    conditions,
    decode_limit,
    prefill_limit,
)
from edgewright.core.measurement.operators import OperatorProfile
from edgewright.core.measurement.quantity import Value
from edgewright.core.measurement.records import Block, Placement, Workload
from edgewright.core.measurement.speed import block_figure, speed_values
from edgewright.core.model.facts import ModelFacts
from edgewright.core.prediction.roofline import Capability, Roofline, roofline


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Decode and prefill speed with so many threads, medians over interleaved rounds."""

    threads: int
    decode_tok_s: float
    prefill_tok_s: float


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One build under one workload.

    ``values`` are those of its timed blocks, energy among them. ``cpu_share`` is the processor time of the timed requests
    over all cores' time, ``memory_share`` the peak over the host's memory. ``slowdown`` is what the operator profiler
    costs in decoding; without ``operators`` the reason is told.
    """

    name: str
    runtime: str
    workload: Workload
    values: Mapping[str, Value]
    cpu_share: float
    memory_share: float
    scaling: tuple[Scaling, ...]
    roofline: Roofline
    operators: OperatorProfile | None
    operators_missing: str
    slowdown: float | None
    decode: Bottleneck
    prefill: Bottleneck
    conditions: tuple[str, ...]
    advice: tuple[Advice, ...]
    placement: Placement


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Everything that was measured, before anything is concluded; ``blocks`` are by number of threads."""

    name: str
    runtime: str
    workload: Workload
    blocks: Mapping[int, Sequence[Block]]
    energy: Mapping[str, Value]
    operators: OperatorProfile | None
    operators_missing: str
    capability: Capability
    facts: ModelFacts | None
    weight_bytes: int
    memory_bytes: int


def concluded(seen: Observed) -> Profile:
    """What limits the build and what to change, by the rules of `core.decision.bottleneck`."""
    most = max(seen.blocks)
    full = list(seen.blocks[most])
    values = {**speed_values(full), **seen.energy}
    scaling = tuple(
        Scaling(
            threads=threads,
            decode_tok_s=_median(blocks, "decode_tok_s"),
            prefill_tok_s=_median(blocks, "prefill_tok_s"),
        )
        for threads, blocks in sorted(seen.blocks.items())
    )
    decode, prefill = scaling[-1].decode_tok_s, scaling[-1].prefill_tok_s
    roof = roofline(
        seen.capability,
        seen.weight_bytes,
        seen.facts,
        prompt_tokens=seen.workload.prompt_tokens,
        decode_tokens=seen.workload.decode_tokens,
        decode_tok_s=decode,
    )
    gain = _doubling_gain(scaling)
    phases = seen.operators
    decode_limits = decode_limit(decode, roof.decode, gain, phases.decode if phases else None)
    prefill_limits = prefill_limit(prefill, roof.prefill, phases.prefill if phases else None)
    cpu = median(b.cpu_s / (b.noise.wall_s * seen.capability.cores) for b in full)
    memory = (values["peak_bytes"].value or 0.0) / seen.memory_bytes
    holding = conditions(
        decode_limits,
        prefill_limits,
        cpu_share=cpu,
        memory_share=memory,
        variation=values["latency_variation"].value,
        doubling_gain=gain,
    )
    bits = 8.0 * seen.weight_bytes / seen.facts.parameters if seen.facts else 0.0
    return Profile(
        name=seen.name,
        runtime=seen.runtime,
        workload=seen.workload,
        values=values,
        cpu_share=cpu,
        memory_share=memory,
        scaling=scaling,
        roofline=roof,
        operators=phases,
        operators_missing=seen.operators_missing,
        slowdown=_slowdown(phases, decode),
        decode=decode_limits,
        prefill=prefill_limits,
        conditions=holding,
        advice=advice(holding, seen.runtime, {"bits": bits, "threads": float(most)}),
        placement=full[0].placement,
    )


def _median(blocks: Sequence[Block], figure: str) -> float:
    return float(median(block_figure(block, figure) for block in blocks))


def _doubling_gain(scaling: tuple[Scaling, ...]) -> float | None:
    """What the last doubling of threads gained in decoding; None with one thread."""
    if len(scaling) < 2:
        return None
    last, before = scaling[-1], scaling[-2]
    exponent = math.log(2) / math.log(last.threads / before.threads)
    return math.exp(exponent * math.log(last.decode_tok_s / before.decode_tok_s)) - 1.0


def _slowdown(operators: OperatorProfile | None, decode_tok_s: float) -> float | None:
    """How much longer a token takes with the profiler on: 0.2 is a fifth longer."""
    if operators is None or not operators.decode.tokens:
        return None
    return operators.decode.wall_ms / operators.decode.tokens * decode_tok_s / 1000.0 - 1.0
