"""The page of the documentation that a full run writes: one table, and a footnote for each reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benchmarks.families.cells import Cell, Outcome, RowResult
from benchmarks.families.rows import Row
from benchmarks.families.running import INTAKE, OWN_FILE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "families.md"
_FOLDERS = re.compile(r"/(?:[\w.-]+/)+(?=[\w-]+\.\w)")
"""Where a file lay on the machine that made the table."""
_TITLES = {"llamacpp": "llama.cpp", "onnx": "ONNX Runtime", "openvino": "OpenVINO", "mlx": "MLX"}
_TOOLS = {
    "torch": ("torch", "transformers"),
    "llamacpp": ("llama.cpp",),
    "onnx": ("olive-ai", "onnxruntime", "onnxruntime-genai"),
    "openvino": ("openvino", "optimum-intel", "nncf"),
    "mlx": ("mlx", "mlx-lm"),
}
_HEAD = """# Families

<!-- written by `make bench NAME=families`: do not edit -->

Each row is a tiny model with random weights: three layers or one whole pattern of its family, every quirk of the family
switched on, with the tokenizer of SmolLM2 or, where its family has another kind, one of that kind. It went through what
`optimize` does: intake, the unquantized conversion of each framework, its tokenizer's ids, greedy decoding, and a build of 8
bits. Conversions are compared with the original on texts shorter and longer than the model's sliding window and its context
before rope scaling.

- **works**: the conversion equals the original within the limit of its precision. The figures are KL divergences in nat a
  token: of the conversion, then of the build of 8 bits. Small models with random weights lose more than real ones do.
- **refused**: before or during the build, with the reason.
- **wrong**: the framework's own converter made another model. edgewright sees it and builds nothing of it.
- **its GGUF**: the float16 file that llama.cpp's converter made of the row, given as a model. *proven*: the source made
  of it answers as the file does in llama.cpp. *llama.cpp only*: the file runs in llama.cpp, and no other framework is given it.
"""


def page(
    rows: Mapping[str, Row], results: Mapping[str, RowResult], versions: Mapping[str, Mapping[str, str]]
) -> str:
    """The whole page."""
    notes: dict[str, int] = {}
    columns = [name for name in next(iter(results.values())).cells if name in _TITLES]
    header = [
        "family",
        "what is switched on",
        "torch",
        *[_TITLES[name] for name in columns],
        "its GGUF",
    ]
    lines = [header, ["---"] * len(header)]
    for name, result in results.items():
        cells = [result.cells[column] for column in (INTAKE, *columns)]
        told = [_told(cell, notes) for cell in cells] + [_told_file(result.cells[OWN_FILE], notes)]
        lines.append([f"{name} (`{rows[name].model_type}`)", rows[name].quirk, *told])
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    footnotes = "\n".join(f"{number}. {reason}" for reason, number in notes.items())
    left = ", ".join(name for name in rows if name not in results)
    rest = f"\n\nNot run with these versions yet: {left}." if left else ""
    return f"{_HEAD}\nMade with {_made_with(versions)}.{rest}\n\n{table}\n\n## Reasons\n\n{footnotes}\n"


def _made_with(versions: Mapping[str, Mapping[str, str]]) -> str:
    named = []
    for framework, tools in _TOOLS.items():
        known = versions.get(framework, {})
        named += [f"{tool} {known[tool]}" for tool in tools if tool in known]
    return ", ".join(named)


def _told(cell: Cell, notes: dict[str, int]) -> str:
    match cell.outcome:
        case Outcome.WORKS if cell.kl is None:
            return "works"
        case Outcome.WORKS:
            eight = f", {cell.quantized_kl:.0e}" if cell.quantized_kl is not None else ""
            return f"works {cell.kl:.0e}{eight}{_mark(cell, notes)}"
        case Outcome.WRONG:
            figure = f" {cell.kl:.1g}" if cell.kl is not None else ""
            return f"**wrong**{figure}{_mark(cell, notes)}"
        case _:
            return f"{cell.outcome}{_mark(cell, notes)}"


def _told_file(cell: Cell, notes: dict[str, int]) -> str:
    if cell.outcome is Outcome.WORKS and cell.kl is not None:
        return f"proven {cell.kl:.0e}"
    return _told(cell, notes)


def _mark(cell: Cell, notes: dict[str, int]) -> str:
    """The number of the cell's reason, the same for the same reason."""
    if not cell.sentence:
        return ""
    reason = _FOLDERS.sub("", " ".join(cell.sentence.split())).replace("|", "/").replace("<", "&lt;")
    return f" ({notes.setdefault(reason, len(notes) + 1)})"
