"""The tokenizer files of a model directory, before any of them is used: are they there, and do they fit the embeddings?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgewright.core.model.facts import TensorShape
from edgewright.core.model.vocabulary import beyond, embedding_rows
from edgewright.errors import InputError
from edgewright.sites.local.documents import read_json

_WHOLE = ("tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model")
_PAIRS = (("vocab.json", "merges.txt"), ("vocab.txt",))


def has_tokenizer(path: Path) -> bool:
    """Whether a directory holds a tokenizer of any kind that Transformers can read."""
    return (
        any((path / name).exists() for name in _WHOLE)
        or any(all((path / name).exists() for name in pair) for pair in _PAIRS)
        or any(path.glob("*.tiktoken"))
    )


def demand_tokenizer(path: Path) -> None:
    """Refuse a directory without one.

    Raises:
        InputError: no file of a tokenizer is there.
    """
    if not has_tokenizer(path):
        raise InputError(
            f"{path} has no tokenizer: no tokenizer.json, tokenizer.model or vocab.json with merges.txt.",
            hint="Copy the tokenizer's files from the model that this one was trained from.",
        )


def check_vocabulary(path: Path, tensors: Sequence[TensorShape]) -> None:
    """Refuse a tokenizer that gives ids which the embeddings have no rows for.

    Raises:
        InputError: it does, or tokenizer.json cannot be read.
    """
    file, rows = path / "tokenizer.json", embedding_rows(tensors)
    if not rows or not file.exists():
        return
    known = read_json(file)
    if not isinstance(known, dict):
        raise InputError(f"{file} contains no tokenizer.", hint="Download it again.")
    strangers = beyond(known, rows)
    if strangers:
        first, highest = min(strangers, key=strangers.__getitem__), max(strangers.values())
        raise InputError(
            f"The tokenizer gives ids up to {highest}, but the embeddings have rows for ids up to "
            f"{rows - 1}: {len(strangers)} tokens, such as {first!r} ({strangers[first]}), have no row.",
            hint="Resize the embeddings to the tokenizer (resize_token_embeddings) and save the model again, or use "
            "the tokenizer that belongs to these weights.",
        )
