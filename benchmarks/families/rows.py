"""The rows: what `rows.toml` says of each, and the tiny models that are made of them, by one process for all."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgewright.core.keys import digest
from edgewright.inputs.config import evaluation_text

TABLE = Path(__file__).with_name("rows.toml")
_MAKER = Path(__file__).with_name("make_models.py")
_FINISHER = Path(__file__).with_name("finish_models.py")
_BESIDE = ("tokenizer", "sharp_router")
"""What a row asks of the second script."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One architecture or variant; ``digest`` names all that its model is made of."""

    name: str
    quirk: str
    model_type: str
    digest: str


def read_rows() -> dict[str, Row]:
    """Every row by name."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    maker = _MAKER.read_text(encoding="utf-8")
    return {name: _row(name, row, [table["common"], maker]) for name, row in table["rows"].items()}


def _row(name: str, row: Mapping[str, Any], shared: Sequence[Any]) -> Row:
    beside = [row[key] for key in _BESIDE if key in row]
    more = [*beside, _FINISHER.read_text(encoding="utf-8")] if beside else []
    return Row(
        name=name,
        quirk=row["quirk"],
        model_type=row["model_type"],
        digest=digest([row["model_type"], row["settings"], *shared, *more]),
    )


def make_models(python: Path, out: Path, tokenizer: str, names: Sequence[str]) -> None:
    """A folder of ``out`` for each name, with the tokenizer at ``tokenizer``; ``python`` is the reference's.

    Raises:
        RuntimeError: not one model could be made.
    """
    out.mkdir(parents=True, exist_ok=True)
    text = out / "text.txt"
    text.write_text(evaluation_text(None).content, encoding="utf-8")
    for script, given in ((_MAKER, tokenizer), (_FINISHER, str(text))):
        command = [str(python), str(script), str(TABLE), str(out), given, *names]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"The models could not be made: {done.stderr[-1000:]}")
