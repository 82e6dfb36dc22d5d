"""Numbers that carry their unit, their direction, how they were got and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """How a number came to be. Unknown is never 0: it is ``not_available`` with a reason."""

    MEASURED = "measured"
    DERIVED = "derived"
    ESTIMATED = "estimated"
    NOT_AVAILABLE = "not_available"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What is measured: its unit, and whether more of it is better."""

    name: str
    unit: str
    higher_is_better: bool
    title: str


@dataclass(frozen=True, kw_only=True)
class Value:
    """One number of one metric. ``ci_low``/``ci_high`` bound it at the confidence that ``method`` names."""

    value: float | None
    unit: str
    label: Label
    method: str
    n: int = 0
    ci_low: float | None = None
    ci_high: float | None = None
    reason: str = ""


def size(number: float) -> str:
    """Bytes in decimal megabytes or gigabytes."""
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"


def not_available(metric: str, reason: str) -> Value:
    """A value that could not be had, and why."""
    return Value(value=None, unit=METRICS[metric].unit, label=Label.NOT_AVAILABLE, method="", reason=reason)


def _table(*rows: tuple[str, str, bool, str]) -> dict[str, Metric]:
    return {
        name: Metric(name=name, unit=unit, higher_is_better=up, title=title) for name, unit, up, title in rows
    }


METRICS = _table(
    ("perplexity", "1", False, "Perplexity"),
    ("kl_divergence", "nat/token", False, "Mean KL divergence"),
    ("kl_median", "nat/token", False, "Median KL divergence"),
    ("kl_p99", "nat/token", False, "KL divergence p99"),
    ("top1_agreement", "1", True, "Top-1 agreement"),
    ("next_token_accuracy", "1", True, "Next-token accuracy"),
    ("accuracy_retained", "1", True, "Accuracy retained"),
    ("task_accuracy", "1", True, "Task accuracy"),
    ("task_accuracy_retained", "1", True, "Task accuracy retained"),
    ("perplexity_increase", "1", False, "Perplexity increase"),
    ("load_s", "s", False, "Load time"),
    ("ttft_ms", "ms", False, "Time to first token"),
    ("decode_tok_s", "token/s", True, "Decode"),
    ("prefill_tok_s", "token/s", True, "Prefill"),
    ("throughput_tok_s", "token/s", True, "Throughput"),
    ("e2e_ms", "ms", False, "Request time"),
    ("itl_p50_ms", "ms", False, "Per-token latency p50"),
    ("itl_p90_ms", "ms", False, "Per-token latency p90"),
    ("itl_p95_ms", "ms", False, "Per-token latency p95"),
    ("itl_p99_ms", "ms", False, "Per-token latency p99"),
    ("latency_variation", "1", False, "Latency variation (p95/p50 - 1)"),
    ("block_variation", "1", False, "Variation between processes"),
    ("latency_drift", "1", False, "Drift over the run"),
    ("cpu_s_per_token", "s/token", False, "Processor time per token"),
    ("energy_j_per_token", "J/token", False, "Energy per token"),
    ("output_length_ratio", "1", False, "Length of answers against the original's"),
    ("peak_bytes", "byte", False, "Peak memory"),
    ("size_bytes", "byte", False, "Size on disk"),
    ("bits_per_weight", "bit", False, "Bits per weight"),
    ("speedup", "1", True, "Speedup"),
    ("memory_cut", "1", True, "Memory cut"),
)
