"""A benchmark's result: checks against bounds, as a table for people and as JSON for machines."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One figure and the bound it has to keep; ``bound`` in words, ``ok`` None where the figure could not be had."""

    name: str
    value: float | None
    unit: str
    bound: str
    ok: bool | None
    note: str = ""


def at_most(name: str, value: float, bound: float, unit: str, note: str = "") -> Check:
    """A figure that must not exceed its bound."""
    return Check(name=name, value=value, unit=unit, bound=f"<= {bound:g}", ok=value <= bound, note=note)


def at_least(name: str, value: float, bound: float, unit: str, note: str = "") -> Check:
    """A figure that must reach its bound."""
    return Check(name=name, value=value, unit=unit, bound=f">= {bound:g}", ok=value >= bound, note=note)


def worst_within(name: str, errors: Mapping[str, float], bound: float) -> Check:
    """The largest of some builds' relative errors; none at all is not a figure."""
    worst = max(errors, key=lambda build: errors[build], default=None)
    return Check(
        name=f"{name}: largest error",
        value=None if worst is None else errors[worst],
        unit="share",
        bound=f"<= {bound:g}",
        ok=None if worst is None else errors[worst] <= bound,
        note=f"{worst}, of {len(errors)} builds",
    )


def finish(name: str, checks: Sequence[Check], started: float, **details: Any) -> int:
    """Print the table, write the JSON, and say whether all bounds were kept (a check without a figure keeps none)."""
    passed = all(check.ok for check in checks)
    console = Console(width=150) if not Console().is_terminal else Console()
    table = Table(title=Text(name), title_justify="left")
    for title in ("check", "value", "unit", "bound", "ok", "note"):
        table.add_column(title, justify="right" if title == "value" else "left", overflow="fold")
    for check in checks:
        value = "-" if check.value is None else f"{check.value:.6g}"
        word = {True: "yes", False: "NO", None: "no figure"}[check.ok]
        table.add_row(
            *(Text(cell) for cell in (check.name, value, check.unit, check.bound, word, check.note))
        )
    console.print(table)
    OUT.mkdir(exist_ok=True)
    record = {
        "name": name,
        "passed": passed,
        "checks": [asdict(check) for check in checks],
        "seconds": round(time.time() - started, 1),
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
        **details,
    }
    (OUT / f"{name}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
    console.print(Text(f"{'passed' if passed else 'NOT PASSED'} in {record['seconds']} s; {OUT / name}.json"))
    return 0 if passed else 1
