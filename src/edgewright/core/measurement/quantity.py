"""Numbers that carry their unit, their direction, how they were got and how sure they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from edgewright.reasons import Reason


class Label(StrEnum):
    """How a number came to be. Unknown is never 0: it is ``not_available`` with a reason."""

    MEASURED = "measured"
    DERIVED = "derived"
    ESTIMATED = "estimated"
    NOT_AVAILABLE = "not_available"


class Kind(StrEnum):
    """What a metric tells of: what a build puts out, or how it runs on the machine that measured."""

    ACCURACY = "accuracy"
    SPEED = "speed"
    STEADINESS = "steadiness"
    MEMORY = "memory"
    SIZE = "size"
    ENERGY = "energy"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What is measured: its unit, whether more of it is better, and what it tells of."""

    name: str
    unit: str
    higher_is_better: bool
    title: str
    kind: Kind

    @property
    def is_timing(self) -> bool:
        """Whether a noisy host spoils its figure."""
        return self.kind in {Kind.SPEED, Kind.STEADINESS}

    @property
    def is_device_bound(self) -> bool:
        """Whether its figure is that of the machine that measured, whatever the build is for."""
        return self.is_timing or self.kind is Kind.MEMORY


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
    reason: Reason | None = None


def size(number: float) -> str:
    """Bytes in decimal megabytes or gigabytes."""
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"


def not_available(metric: str, reason: Reason) -> Value:
    """A value that could not be had, and why."""
    return Value(value=None, unit=METRICS[metric].unit, label=Label.NOT_AVAILABLE, method="", reason=reason)


def _table(kind: Kind, *rows: tuple[str, str, bool, str]) -> dict[str, Metric]:
    return {
        name: Metric(name=name, unit=unit, higher_is_better=up, title=title, kind=kind)
        for name, unit, up, title in rows
    }


_known: dict[str, Metric] = {
    **_table(
        Kind.ACCURACY,
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
        ("output_length_ratio", "1", False, "Answer length relative to the original"),
    ),
    **_table(
        Kind.SPEED,
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
        ("speedup", "1", True, "Speedup"),
    ),
    **_table(
        Kind.STEADINESS,
        ("latency_variation", "1", False, "Latency variation (p95/p50 - 1)"),
        ("block_variation", "1", False, "Variation between processes"),
        ("latency_drift", "1", False, "Drift over the run"),
    ),
    **_table(
        Kind.ENERGY,
        ("cpu_s_per_token", "s/token", False, "Processor time per token"),
        ("energy_j_per_token", "J/token", False, "Energy per token"),
    ),
    **_table(
        Kind.MEMORY,
        ("peak_bytes", "byte", False, "Peak memory"),
        ("memory_cut", "1", True, "Memory cut"),
    ),
    **_table(
        Kind.SIZE,
        ("size_bytes", "byte", False, "Size on disk"),
        ("bits_per_weight", "bit", False, "Bits per weight"),
        ("download_bytes", "byte", False, "Download size"),
        ("disk_bytes", "byte", False, "Package size on disk"),
    ),
}

METRICS: Mapping[str, Metric] = MappingProxyType(_known)
"""Every metric by name. A task adds its own with `add_metrics` when it is registered."""


def add_metrics(metrics: Iterable[Metric]) -> None:
    """Make a task's own metrics known; adding the same again changes nothing.

    Raises:
        ValueError: the name has another meaning already.
    """
    for metric in metrics:
        if _known.setdefault(metric.name, metric) != metric:
            raise ValueError(f"the metric {metric.name!r} is known with another meaning")


def of_kind(*kinds: Kind) -> tuple[str, ...]:
    """The names of all metrics of some kinds."""
    return tuple(name for name, metric in METRICS.items() if metric.kind in kinds)
