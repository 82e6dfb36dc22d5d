"""Writes the tokenizer so that ONNX Runtime GenAI reads it as Transformers does.

Where ``ByteLevel`` stands in a sequence after another splitter, GenAI 0.18.0 ignores the regular expression that
``use_regex`` implies: "  x" becomes two tokens other than the ones the model was trained on. Spelled out as a ``Split``
of its own, the same expression is read by both. The two spellings are the same function.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

# The expression behind ByteLevel's use_regex: GPT-2's, as the tokenizers library has it.
_BYTE_LEVEL = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def spell_out_byte_level(source: Path, out: Path) -> tuple[str, ...]:
    """Copy ``tokenizer.json``, with ``ByteLevel``'s expression spelled out where GenAI would miss it; what changed."""
    if not source.is_file():
        return ("The source has no tokenizer.json; the tokenizer is the one Olive wrote.",)
    tokenizer: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    steps = (tokenizer.get("pre_tokenizer") or {}).get("pretokenizers", [])
    if not any(_implied(step) for step in steps):
        shutil.copyfile(source, out)
        return ()
    tokenizer["pre_tokenizer"]["pretokenizers"] = [new for step in steps for new in _spelled_out(step)]
    out.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    return (
        "tokenizer.json spells out ByteLevel's regular expression, which ONNX Runtime GenAI would ignore.",
    )


def _implied(step: dict[str, Any]) -> bool:
    """Whether a step splits by the implied expression; with a prefix space, the order of the two would matter."""
    return (
        step["type"] == "ByteLevel" and step.get("use_regex", True) and not step.get("add_prefix_space", True)
    )


def _spelled_out(step: dict[str, Any]) -> list[dict[str, Any]]:
    if not _implied(step):
        return [step]
    split = {"type": "Split", "pattern": {"Regex": _BYTE_LEVEL}, "behavior": "Isolated", "invert": False}
    return [split, {**step, "use_regex": False}]
