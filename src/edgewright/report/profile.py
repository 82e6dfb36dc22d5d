"""A profile at a terminal, and the rows that the HTML report shares."""

from __future__ import annotations

from rich.console import Console

from edgewright.core.measurement.energy import METRIC
from edgewright.core.measurement.operators import PhaseProfile
from edgewright.core.measurement.profile import Profile
from edgewright.core.measurement.quantity import METRICS, Label
from edgewright.core.prediction.roofline import Bound
from edgewright.report.figures import figure, scaled
from edgewright.report.lines import add_row, say, table_of
from edgewright.report.sentences import sentence, sentences

_SHOWN = (
    "decode_tok_s",
    "prefill_tok_s",
    "throughput_tok_s",
    "ttft_ms",
    "itl_p50_ms",
    "itl_p95_ms",
    "latency_variation",
    "peak_bytes",
    "load_s",
    "cpu_s_per_token",
    "energy_j_per_token",
)
_OPERATORS = 8


def show_profile(console: Console, p: Profile) -> None:
    """Figures, limits, thread scaling, operators, advice."""
    say(console, (p.name, "bold"), f" in {p.runtime}: {p.placement.device}, {p.placement.threads} threads")
    for line in summary(p):
        say(console, f"  {line}")
    table = table_of(console, "Threads")
    for name in ("threads", "decode tok/s", "prefill tok/s"):
        table.add_column(name, justify="right")
    for row in p.scaling:
        add_row(table, str(row.threads), f"{row.decode_tok_s:.1f}", f"{row.prefill_tok_s:.1f}")
    console.print(table)
    if p.operators:
        for name, phase in (("prefill", p.operators.prefill), ("decode", p.operators.decode)):
            table = table_of(console, f"Operators in {name}: {p.operators.method}")
            for title in ("operator", "calls", "ms", "share"):
                table.add_column(title, justify="left" if title == "operator" else "right", overflow="fold")
            for row_ in operator_rows(phase):
                add_row(table, *row_)
            console.print(table)
    else:
        say(console, f"  no operator profile: {p.operators_missing}")
    say(console, ("What to change", "bold"))
    for advice in p.advice:
        say(console, f"  - {advice.setting}: {advice.change} ({advice.gain}); because: {advice.when}")
    if not p.advice:
        say(console, "  no rule applies")


def summary(p: Profile) -> list[str]:
    """Figures and limits in lines."""
    lines = []
    for name in _SHOWN:
        value = p.values.get(name)
        if value is None:
            continue
        metric = METRICS[name]
        if value.label is Label.NOT_AVAILABLE:
            lines.append(f"{metric.title}: not available ({sentence(value.reason)})")
        else:
            unit = "" if metric.unit in {"1", "byte"} else f" {metric.unit}"
            told = f" ({value.method})" if name == METRIC else ""
            lines.append(f"{metric.title}: {figure(value, interval=True)}{unit}{told}")
    able = p.roofline.capability
    lines += [
        f"processor: {p.cpu_share:.0%} of {able.cores} cores; memory: {p.memory_share:.1%} of this host's",
        f"host: reads {able.read_gb_s:.1f} GB/s, computes {able.gflop_s:.0f} GFLOP/s in float32 ({able.method})",
        f"decode is {p.decode.limit}: {sentences(p.decode.figures, ', ')}{_bound(p.roofline.decode)}",
        f"prefill is {p.prefill.limit}: {sentences(p.prefill.figures, ', ')}{_bound(p.roofline.prefill)}",
    ]
    if p.roofline.inconsistent:
        lines.append(sentence(p.roofline.inconsistent))
    if p.slowdown is not None:
        lines.append(f"the profiler made decoding {p.slowdown:+.0%} slower; timed blocks ran without it")
    return lines


def _bound(bound: Bound) -> str:
    if bound.tok_s is None:
        return ""
    return (
        f" (at best {bound.tok_s:.0f} tokens/s: {scaled(bound.per_token / 1e6, '1')} M{bound.unit} per token)"
    )


def operator_rows(phase: PhaseProfile) -> list[tuple[str, str, str, str]]:
    """The dearest operators and the rest together."""
    total = sum(o.ms for o in phase.operators) or 1.0
    rows = [
        (o.operator, str(o.calls), f"{o.ms:.2f}", f"{o.ms / total:.1%}") for o in phase.operators[:_OPERATORS]
    ]
    rest = phase.operators[_OPERATORS:]
    if rest:
        ms = sum(o.ms for o in rest)
        rows.append(
            (f"{len(rest)} others", str(sum(o.calls for o in rest)), f"{ms:.2f}", f"{ms / total:.1%}")
        )
    return rows
