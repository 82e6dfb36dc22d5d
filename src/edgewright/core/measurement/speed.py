"""From timed blocks to labelled values: latencies, rates, memory, and one arm against another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from statistics import median

import numpy as np

from edgewright.core.measurement.energy import energy_value
from edgewright.core.measurement.noise import is_steady, usual_speed
from edgewright.core.measurement.quantity import METRICS, Label, Value, not_available
from edgewright.core.measurement.records import Block, Request
from edgewright.core.measurement.rounds import Key
from edgewright.core.statistics.looks import ONE_SIDED, confidence
from edgewright.core.statistics.medians import median_interval
from edgewright.core.statistics.percentiles import LEAST, percentile
from edgewright.core.statistics.ratio import log_interval
from edgewright.core.statistics.steadiness import Figure, block_variation, drift, latency_variation
from edgewright.reasons import Reason, because

_LEAST_STEADY = 4
"""With fewer steady blocks all of them are taken; the host then excuses what comes of it."""

_PERCENTILES = {"itl_p50_ms": 0.50, "itl_p90_ms": 0.90, "itl_p95_ms": 0.95, "itl_p99_ms": 0.99}


def latencies(request: Request) -> list[float]:
    """Inter-token latencies of a request, in ms."""
    return [later - earlier for earlier, later in pairwise(request.token_times_ms)]


def _decode(request: Request) -> float:
    times = request.token_times_ms
    return 1000.0 * (len(times) - 1) / (times[-1] - times[0])


def _throughput(request: Request) -> float:
    return 1000.0 * request.concurrency * len(request.token_times_ms) / request.token_times_ms[-1]


REQUEST_FIGURES: Mapping[str, Callable[[Request], float]] = {
    "ttft_ms": lambda request: request.token_times_ms[0],
    "prefill_tok_s": lambda r: 1000.0 * r.prompt_tokens * r.concurrency / r.token_times_ms[0],
    "decode_tok_s": _decode,
    "throughput_tok_s": _throughput,
    "e2e_ms": lambda request: request.token_times_ms[-1],
}
"""What one request says: decode speed is per sequence, throughput counts all sequences from the request's start."""


def block_figure(block: Block, metric: str) -> float:
    """A block's figure: the median over its requests (complete ones, where a cut left any)."""
    longest = max(len(r.token_times_ms) for r in block.requests)
    whole = [r for r in block.requests if len(r.token_times_ms) == longest]
    requests = whole if metric in {"e2e_ms", "throughput_tok_s"} else block.requests
    figure = REQUEST_FIGURES[metric]
    return float(median(figure(r) for r in requests if len(r.token_times_ms) > 1))


def decode_tok_s(block: Block) -> float:
    """A block's decode speed."""
    return block_figure(block, "decode_tok_s")


def speed_values(blocks: Sequence[Block], *, error: float = ONE_SIDED) -> dict[str, Value]:
    """Latencies, rates, load time and memory of one arm: medians over its blocks, memory's with their range.

    ``error`` is the one-sided error of every bound.
    """
    shape = blocks[0].requests[0]
    what = f"{shape.prompt_tokens} prompt tokens, {shape.concurrency} at once"
    values = {
        name: _median(name, [block_figure(b, name) for b in blocks], what, error) for name in REQUEST_FIGURES
    }
    values["load_s"] = _median("load_s", [b.load_s for b in blocks], f"{what}; warm page cache", error)
    method = f"median of {len(blocks)} blocks, each a fresh process; the interval is their range; {what}"
    memory = blocks[0].memory
    values["peak_bytes"] = _spread(
        "peak_bytes",
        [b.memory.peak_bytes for b in blocks],
        f"{memory.method}; without library code; weights {memory.load_mode}; {method}",
    )
    per_token = [b.cpu_s / _computed(b) for b in blocks]
    values["cpu_s_per_token"] = _spread(
        "cpu_s_per_token", per_token, f"processor time of all threads per decoded token; no energy; {method}"
    )
    energies = [(b.energy, _computed(b)) for b in blocks if b.energy is not None]
    if energies:
        values["energy_j_per_token"] = energy_value(*energies[-1])
    pooled = [latency for b in blocks for r in b.requests for latency in latencies(r)]
    for metric, share in _PERCENTILES.items():
        values[metric] = _percentile(metric, pooled, share, error)
    return values | steadiness_values(blocks, pooled, error=error)


def _computed(block: Block) -> int:
    return sum(r.concurrency * len(r.token_times_ms) for r in block.requests)


def steadiness_values(
    blocks: Sequence[Block], pooled: Sequence[float], *, error: float = ONE_SIDED
) -> dict[str, Value]:
    """Steadiness within requests, between processes and over the run.

    Between processes and over the run, blocks count in which the host itself was about as fast as usual.
    """
    steady = _steady(blocks)
    speeds = [decode_tok_s(block) for block in steady]
    those = f"{len(steady)} blocks"
    if len(steady) < len(blocks):
        those = f"the {len(steady)} of {len(blocks)} blocks in which the host ran at its usual speed"
    figures: dict[str, tuple[Figure | None, str, Reason, int]] = {
        "latency_variation": (
            latency_variation(pooled, error=error),
            f"pooled p95/p50 - 1 of {len(pooled)} latencies",
            because("too_few_latencies", n=len(pooled), least=LEAST[0.95]),
            len(blocks),
        ),
        "block_variation": (
            block_variation(speeds, error=error),
            f"standard deviation of the log decode speeds of {those}",
            because("too_few_blocks", n=len(blocks), least=3),
            len(steady),
        ),
        "latency_drift": (
            drift(speeds, error=error),
            f"change along a line through the log decode speeds of {those}",
            because("too_few_blocks", n=len(blocks), least=4),
            len(steady),
        ),
    }
    return {
        metric: not_available(metric, lack) if found is None else _figure(metric, found, method, n, error)
        for metric, (found, method, lack, n) in figures.items()
    }


def _steady(blocks: Sequence[Block]) -> Sequence[Block]:
    normal = usual_speed(block.noise for block in blocks)
    steady = [block for block in blocks if is_steady(block.noise, normal)]
    return steady if len(steady) >= _LEAST_STEADY else blocks


def _figure(metric: str, figure: Figure, method: str, n: int, error: float) -> Value:
    value, low, high = figure
    return Value(
        value=value,
        unit=METRICS[metric].unit,
        label=Label.MEASURED,
        method=f"{method}; one-sided {confidence(error)} bounds",
        n=n,
        ci_low=low,
        ci_high=high,
    )


def _median(metric: str, numbers: Sequence[float], what: str, error: float) -> Value:
    """Of times and speeds: what this machine gave while it was measured."""
    method = f"median of {len(numbers)} blocks, each a fresh process"
    low, high = None, None
    if len(numbers) > 1:
        low, high, how = median_interval(numbers, error=error)
        method += f"; one-sided {confidence(error)} bounds by {how}"
    return Value(
        value=float(np.median(numbers)),
        unit=METRICS[metric].unit,
        label=Label.MEASURED,
        method=f"{method}; {what}",
        n=len(numbers),
        ci_low=low,
        ci_high=high,
    )


def _spread(metric: str, numbers: Sequence[float], method: str) -> Value:
    several = len(numbers) > 1
    return Value(
        value=float(np.median(numbers)),
        unit=METRICS[metric].unit,
        label=Label.MEASURED,
        method=method,
        n=len(numbers),
        ci_low=float(min(numbers)) if several else None,
        ci_high=float(max(numbers)) if several else None,
    )


def _percentile(metric: str, pooled: Sequence[float], share: float, error: float) -> Value:
    found = percentile(pooled, share, error=error)
    if found is None:
        return not_available(metric, because("too_few_latencies", n=len(pooled), least=LEAST[share]))
    return _figure(metric, found, "pooled inter-token latencies, order statistics", len(pooled), error)


BLOCK_FIGURES: Mapping[str, Callable[[Block], float]] = {
    **{name: partial(block_figure, metric=name) for name in REQUEST_FIGURES},
    "load_s": lambda block: block.load_s,
    "peak_bytes": lambda block: float(block.memory.peak_bytes),
    "cpu_s_per_token": lambda block: block.cpu_s / _computed(block),
}
"""What one block says, by metric."""


def ratio_of(
    blocks: Mapping[Key, Block], baseline: Mapping[Key, Block], metric: str, *, error: float = ONE_SIDED
) -> Value:
    """The geometric mean over rounds of the ratio of two arms' figures, with an interval."""
    figure = BLOCK_FIGURES[metric]
    rounds = [key for key in blocks if key in baseline]
    if not rounds:
        return not_available("speedup", because("no_common_round"))
    logs = [math.log(figure(blocks[k]) / figure(baseline[k])) for k in rounds]
    mean, half, how = log_interval(
        logs, [math.log(figure(block)) for block in baseline.values()], error=error
    )
    return Value(
        value=math.exp(mean),
        unit="1",
        label=Label.DERIVED,
        method=f"geometric mean of ratios of {metric} within interleaved rounds; one-sided {confidence(error)} bounds from {how}",
        n=len(logs),
        ci_low=math.exp(mean - half),
        ci_high=math.exp(mean + half),
    )


def paired_values(
    blocks: Mapping[Key, Block], baseline: Mapping[Key, Block], *, error: float = ONE_SIDED
) -> dict[str, Value]:
    """Speedup in decoding and memory cut against the baseline's blocks of the same rounds."""
    rounds = [key for key in blocks if key in baseline]
    if not rounds:
        reason = because("no_common_round")
        return {name: not_available(name, reason) for name in ("speedup", "memory_cut")}
    cuts = [1.0 - blocks[k].memory.peak_bytes / baseline[k].memory.peak_bytes for k in rounds]
    how = "1 - ratio of peak memory (anonymous, shared, resident weights) within rounds; the interval is their range"
    return {
        "speedup": ratio_of(blocks, baseline, "decode_tok_s", error=error),
        "memory_cut": _spread("memory_cut", cuts, how),
    }
