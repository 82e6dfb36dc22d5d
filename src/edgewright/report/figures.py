"""Values as short text: one place decides how many digits a reader gets."""

from __future__ import annotations

from edgewright.core.measurement.quantity import Label, Value, size
from edgewright.core.statistics.looks import ITEM_LOOKS


def figure(value: Value | None, *, interval: bool = False) -> str:
    """A value with its unit's usual scale; estimates begin with ``~``, unknown is a dash."""
    if value is None or value.value is None:
        return "-"
    text = scaled(value.value, value.unit)
    if interval and value.ci_low is not None and value.ci_high is not None and value.ci_low != value.ci_high:
        text += f" ({scaled(value.ci_low, value.unit)} to {scaled(value.ci_high, value.unit)})"
    return f"~{text}" if value.label is Label.ESTIMATED else text


def scaled(number: float, unit: str) -> str:
    """A number in the unit's usual scale, without the unit where the column's title has it."""
    if unit == "byte":
        return size(number)
    if unit == "nat/token":
        return f"{number:.1e}" if 0 < abs(number) < 1e-3 else f"{number:.4f}"
    if unit in {"ms", "token/s"}:
        return f"{number:.1f}" if number < 1000 else f"{number:,.0f}"
    if unit in {"J/token", "s/token"}:
        return f"{number:.3g}"
    return f"{number:.2f}" if abs(number) >= 0.01 or number == 0 else f"{number:.2g}"


def percent(value: Value | None) -> str:
    """A share as a percentage."""
    return "-" if value is None or value.value is None else f"{100 * value.value:.1f} %"


def percent_of_few(value: Value | None) -> str:
    """A percentage, with the number it was counted on where that is less than any verdict is built on."""
    few = f" (n={value.n})" if value and 0 < value.n < ITEM_LOOKS[0] else ""
    return f"{percent(value)}{few}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
