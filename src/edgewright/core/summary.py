"""From raw scores and blocks to labelled values, each with its unit, its count and the method in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import stdtrit

from edgewright.core.measurement import Block, Scores
from edgewright.core.quantity import METRICS, Label, Value, not_available

_Z = 1.6449
"""One-sided 95 % of the normal distribution."""

_MINIMUM_FOR_PERCENTILE = {"itl_p50_ms": (0.50, 20), "itl_p95_ms": (0.95, 72), "itl_p99_ms": (0.99, 368)}


def _value(metric: str, value: float, method: str, *, n: int = 0, label: Label = Label.MEASURED) -> Value:
    return Value(value=value, unit=METRICS[metric].unit, label=label, method=method, n=n)


def accuracy_values(scores: Scores) -> dict[str, Value]:
    """Perplexity and next-token accuracy; against a reference also KL divergence, agreement and what is retained."""
    n = len(scores.correct)
    method = f"teacher forced, {scores.windows} windows, {n} positions"
    values = {
        "perplexity": _value("perplexity", math.exp(scores.nll), method, n=n),
        "next_token_accuracy": _value("next_token_accuracy", float(np.mean(scores.correct)), method, n=n),
    }
    if scores.kl_mean is None or scores.top1_agreement is None or scores.reference_correct is None:
        return values
    values["kl_divergence"] = _value("kl_divergence", scores.kl_mean, method, n=n)
    values["top1_agreement"] = _value("top1_agreement", scores.top1_agreement, method, n=n)
    values["accuracy_retained"] = retained(scores.correct, scores.reference_correct)
    increase = math.exp(scores.nll - (scores.reference_nll or 0.0)) - 1.0
    values["perplexity_increase"] = _value("perplexity_increase", increase, method, n=n, label=Label.DERIVED)
    return values


def retained(correct: Sequence[bool], reference: Sequence[bool]) -> Value:
    """The share of the original's next-token accuracy that is kept, with a paired 90 % interval.

    With c and b the right answers of build and original, the ratio r solves mean(c - r b) = 0; the interval is 1.645
    standard errors of that paired mean, divided by mean(b) (delta method; positions are taken as independent).
    """
    c, b = np.asarray(correct, dtype=float), np.asarray(reference, dtype=float)
    n, mean_b = len(c), float(b.mean())
    if mean_b == 0.0:
        return not_available("accuracy_retained", "the original answers no position rightly")
    ratio = float(c.mean()) / mean_b
    discordant = int((c != b).sum())
    # Few or no disagreements are no proof that there are none: the count is never taken as below z^2 / 2.
    least = math.sqrt(discordant + _Z**2 / 2) / n
    error = max(float(np.std(c - ratio * b)) / math.sqrt(n), least) / mean_b
    return Value(
        value=ratio,
        unit="1",
        label=Label.DERIVED,
        method="ratio of next-token accuracies on the same positions, paired 90 % interval",
        n=n,
        ci_low=ratio - _Z * error,
        ci_high=ratio + _Z * error,
    )


def decode_tok_s(block: Block) -> float:
    """A block's decode speed: the median over its requests of 1000 / mean inter-token latency (ms)."""
    rates = [
        1000.0 * (len(r.token_times_ms) - 1) / (r.token_times_ms[-1] - r.token_times_ms[0])
        for r in block.requests
        if len(r.token_times_ms) > 1
    ]
    return float(np.median(rates))


def speed_values(blocks: Sequence[Block]) -> dict[str, Value]:
    """Latencies, rates, load time and peak memory of one arm; medians over its blocks, with their range."""
    ttft = [float(np.median([r.token_times_ms[0] for r in b.requests])) for b in blocks]
    prompt = blocks[0].requests[0].prompt_tokens
    method = f"median of {len(blocks)} blocks, each a fresh process; the interval is their range"
    values = {
        "load_s": _spread("load_s", [b.load_s for b in blocks], f"{method}; warm page cache"),
        "ttft_ms": _spread("ttft_ms", ttft, f"{method}; prompt of {prompt} tokens"),
        "prefill_tok_s": _spread("prefill_tok_s", [1000.0 * prompt / t for t in ttft], method),
        "decode_tok_s": _spread("decode_tok_s", [decode_tok_s(b) for b in blocks], method),
        "peak_bytes": _spread(
            "peak_bytes", [b.peak_bytes for b in blocks], f"{blocks[0].peak_method}; {method}"
        ),
    }
    latencies = np.concatenate([np.diff(r.token_times_ms) for b in blocks for r in b.requests])
    for metric, (quantile, least) in _MINIMUM_FOR_PERCENTILE.items():
        values[metric] = _percentile(metric, latencies, quantile, least)
    values["latency_variation"] = _variation(blocks)
    return values


def _variation(blocks: Sequence[Block]) -> Value:
    """p95/p50 - 1 of the inter-token latencies within a block: what one process's user feels."""
    least = _MINIMUM_FOR_PERCENTILE["itl_p95_ms"][1]
    spreads = []
    for block in blocks:
        latencies = np.concatenate([np.diff(r.token_times_ms) for r in block.requests])
        if len(latencies) >= least:
            p50, p95 = np.quantile(latencies, [0.50, 0.95])
            spreads.append(float(p95 / p50) - 1.0)
    if not spreads:
        return not_available("latency_variation", f"no block has the {least} latencies that a p95 needs")
    return _spread(
        "latency_variation", spreads, "median over blocks of p95/p50 - 1; the interval is their range"
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


def _percentile(
    metric: str, latencies: np.ndarray[tuple[int], np.dtype[np.float64]], quantile: float, least: int
) -> Value:
    if len(latencies) < least:
        return not_available(metric, f"n={len(latencies)}, at least {least} are needed")
    return _value(
        metric, float(np.quantile(latencies, quantile)), "pooled inter-token latencies", n=len(latencies)
    )


def paired_values(blocks: Mapping[int, Block], baseline: Mapping[int, Block]) -> dict[str, Value]:
    """Speedup and memory cut against the baseline's blocks of the same rounds.

    Speedup is the geometric mean over rounds of the ratio of decode speeds, with the 90 % interval of its logarithm.
    """
    rounds = sorted(set(blocks) & set(baseline))
    if not rounds:
        reason = "no round holds both this build and the baseline"
        return {name: not_available(name, reason) for name in ("speedup", "memory_cut")}
    logs = [math.log(decode_tok_s(blocks[k]) / decode_tok_s(baseline[k])) for k in rounds]
    mean = float(np.mean(logs))
    half, how = _half_width(logs, [math.log(decode_tok_s(block)) for block in baseline.values()])
    speedup = Value(
        value=math.exp(mean),
        unit="1",
        label=Label.DERIVED,
        method=f"geometric mean of decode-speed ratios within interleaved rounds, 90 % interval from {how}",
        n=len(rounds),
        ci_low=math.exp(mean - half),
        ci_high=math.exp(mean + half),
    )
    cuts = [1.0 - blocks[k].peak_bytes / baseline[k].peak_bytes for k in rounds]
    cut = _spread(
        "memory_cut", cuts, "1 - ratio of peak resident memory within rounds; the interval is their range"
    )
    return {"speedup": speedup, "memory_cut": cut}


def _half_width(logs: Sequence[float], baseline_logs: Sequence[float]) -> tuple[float, str]:
    """Half the 90 % interval of a mean log-ratio, and where it comes from.

    Several rounds: Student's interval. One round: the scatter of the baseline's own blocks stands for the build's
    (two arms, so the square root of 2), never less than 2 %; where that is unknown too, a quarter.
    """
    if len(logs) > 1:
        error = float(np.std(logs, ddof=1)) / math.sqrt(len(logs))
        return float(stdtrit(len(logs) - 1, 0.95)) * error, f"Student's t over {len(logs)} rounds"
    if len(baseline_logs) < 3:
        return _Z * 0.25, "an assumed scatter of 25 % (one round)"
    scatter = max(float(np.std(baseline_logs, ddof=1)), 0.02)
    return _Z * math.sqrt(
        2.0
    ) * scatter, f"the baseline's scatter over {len(baseline_logs)} rounds (one round)"
