"""Where output goes: tables and JSON to stdout, progress and errors to stderr."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from rich.console import Console

from edgewright.codec import plain


def console() -> Console:
    """For results. A pipe or a file gets plain text, wide enough for the tables."""
    return Console() if sys.stdout.isatty() else Console(width=160, no_color=True)


def print_json(record: Any) -> None:
    """One JSON document."""
    data = record if isinstance(record, dict) else plain(record)
    if isinstance(record, list | tuple):
        data = [plain(item) for item in record]
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))
