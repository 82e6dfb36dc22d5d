"""A sensitivity table at a terminal: the groups that cost most first."""

from __future__ import annotations

from rich.console import Console

from edgewright.core.recipe.sensitivity import Sensitivity
from edgewright.report.lines import add_row, say, table_of


def show_sensitivity(console: Console, table: Sensitivity) -> None:
    """KL divergence by group and bits, sorted by what 4 bits cost a weight; and what all groups cost together."""
    say(
        console, f"KL divergence (nat per token) with one group rounded, on {table.tokens} calibration tokens"
    )
    say(console, f"  {table.method}")
    bits = sorted({cost.bits for curve in table.curves for cost in curve.costs})
    drawn = table_of(console, "Sensitivity")
    for name in ("group", "weights", *(f"{b} bits" for b in bits)):
        drawn.add_column(name, justify="left" if name == "group" else "right", overflow="fold")
    for curve in sorted(table.curves, key=lambda c: -c.at(4) / c.group.weights):
        costs = (f"{curve.at(b):.2g}" for b in bits)
        add_row(drawn, curve.group.name, f"{curve.group.weights / 1e6:.2f} M", *costs)
    names = [curve.group.name for curve in table.curves]
    together = (f"{table.predicted(dict.fromkeys(names, float(b))):.2g}" for b in bits)
    add_row(drawn, ("all (sum)", "bold"), "", *together)
    console.print(drawn)
