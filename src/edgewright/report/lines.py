"""What every table and line at a terminal is made of.

Law: nothing is read as markup. Names, paths, reasons and log lines come from outside and may hold brackets.
"""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE_FROM = 140
"""Columns of a terminal from which the whole comparison can be read."""


def say(console: Console, *parts: str | tuple[str, str], soft_wrap: bool = False) -> None:
    """One line of plain parts and (text, style) pairs."""
    console.print(Text.assemble(*parts), soft_wrap=soft_wrap)


def table_of(console: Console, title: str) -> Table:
    """Without lines between columns where there is no room for them."""
    shape = box.HEAVY_HEAD if console.width >= WIDE_FROM else box.SIMPLE_HEAD
    wide = shape is box.HEAVY_HEAD
    return Table(
        title=Text(title, style="italic"),
        title_justify="left",
        box=shape,
        show_edge=wide,
        pad_edge=wide,
        collapse_padding=not wide,
    )


def add_row(table: Table, *row: str | tuple[str, str], style: str = "") -> None:
    table.add_row(*(Text.assemble(cell) for cell in row), style=style)
