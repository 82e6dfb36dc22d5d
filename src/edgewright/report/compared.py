"""Builds side by side at a terminal: benchmarks and A/B tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console

from edgewright.core.decision.ab import Better
from edgewright.core.measurement.energy import METRIC
from edgewright.core.measurement.quantity import METRICS, Value
from edgewright.report.confirmation import host_line
from edgewright.report.figures import figure
from edgewright.report.lines import WIDE_FROM, add_row, say, table_of
from edgewright.report.sentences import sentence

if TYPE_CHECKING:
    from edgewright.core.measurement.compared import AbTest, Benchmark

_TIMED = (
    "decode_tok_s",
    "prefill_tok_s",
    "throughput_tok_s",
    "ttft_ms",
    "itl_p50_ms",
    "itl_p95_ms",
    "load_s",
    "peak_bytes",
    "speedup",
    "memory_cut",
)
_NARROW = {"decode_tok_s", "ttft_ms", "peak_bytes", "speedup"}
_STYLES = {Better.A: "green", Better.B: "green", Better.ALIKE: "cyan", Better.INCONCLUSIVE: "yellow"}


def show_benchmark(console: Console, answer: Benchmark, *, rounds: int) -> None:
    """Arms with their values by metric, the first one the yardstick; the same in full in JSON."""
    shape = answer.workload
    title = (
        f"{rounds} interleaved rounds of {shape.prompt_tokens} prompt tokens, {shape.decode_tokens} "
        f"decoded, concurrency {shape.concurrency}; speedup and memory cut are relative to the first build"
    )
    table = table_of(console, title)
    table.add_column("build", overflow="fold", min_width=12)
    shown = [name for name in _TIMED if name in _NARROW or console.width >= WIDE_FROM]
    for name in shown:
        unit = METRICS[name].unit
        told = f" ({unit})" if unit not in {"1", "byte"} else ""
        table.add_column(f"{METRICS[name].title}{told}", justify="right")
    for arm in answer.arms:
        add_row(table, arm.name, *(figure(arm.values.get(name)) for name in shown))
    console.print(table)
    for arm in answer.arms:
        p = arm.placement
        say(
            console,
            f"  {arm.name}: {arm.runtime} on {p.device}, {p.threads} threads, weights {p.weights}, KV cache {p.kv_cache}",
        )
    for arm in answer.arms:
        if METRIC in arm.values:
            say(console, f"  {arm.name}: {energy_line(arm.values)}")
    say(console, f"  {host_line(answer.host)}")


def energy_line(values: Mapping[str, Value]) -> str:
    """Energy per token with how it was had; where it was not, processor time per token, which is not energy."""
    energy, time = values[METRIC], values.get("cpu_s_per_token")
    if energy.value is not None:
        return f"energy per token: {figure(energy)} {energy.unit} ({energy.method})"
    instead = f"; processor time per token: {figure(time)} s" if time and time.value is not None else ""
    return f"energy per token: not available ({sentence(energy.reason)}){instead}"


def show_ab(console: Console, answer: AbTest) -> None:
    """The verdict in one line, and what it rests on."""
    verdict = answer.verdict
    say(console, f"A: {answer.a}")
    say(console, f"B: {answer.b}")
    say(
        console,
        (str(verdict.answer), _STYLES[verdict.answer]),
        f" in {METRICS[verdict.metric].title.lower()}",
    )
    rests = f"{answer.rounds} rounds" if answer.rounds else f"{answer.positions} positions"
    ratio = verdict.ratio
    if ratio.value is not None and ratio.ci_low is not None and ratio.ci_high is not None:
        say(console, f"  B/A {ratio.value:.4g}, interval {ratio.ci_low:.4g} to {ratio.ci_high:.4g}")
    say(
        console,
        f"  {sentence(verdict.reason)}; {rests}, {answer.looks} look{'s' if answer.looks > 1 else ''}",
    )
    say(console, f"  {verdict.ratio.method}")
