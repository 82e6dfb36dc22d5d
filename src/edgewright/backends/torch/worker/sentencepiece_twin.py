"""A tokenizer.json that was made from a tokenizer.model, compared with SentencePiece itself.

Transformers' newer spelling of Llama's tokenizer drops a space at the beginning of a text that begins with one; the models
were trained with SentencePiece, which keeps it. The first spelling that gives SentencePiece's ids is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edgewright.core import knowledge
from edgewright.errors import InputError

_SPACE = "\u2581"
_MORE = ("  two spaces", " ", "Hello there", "a\tb\n\nc")


def agree(out: Path, model: Path) -> None:
    """Make ``tokenizer.json`` in ``out`` give the ids that SentencePiece gives with the file ``model``.

    Raises:
        InputError: no known spelling of it does.
    """
    from sentencepiece import SentencePieceProcessor
    from tokenizers import Tokenizer

    file = str(out / "tokenizer.json")
    pieces: Any = SentencePieceProcessor(model_file=str(model))
    texts = [*knowledge.text("parity.txt").splitlines(), knowledge.text("parity.txt"), *_MORE]
    wanted = [list(pieces.encode(text)) for text in texts]
    for tokenizer in _spellings(Tokenizer.from_file(file)):
        if _ids(tokenizer, texts) == wanted:
            tokenizer.save(file)
            return
    raise InputError(
        f"The tokenizer.json made from {model.name} gives other ids than SentencePiece.",
        hint="Add the model's own tokenizer.json to the directory.",
    )


def _ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    return [list(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts]


def _spellings(tokenizer: Any) -> Iterator[Any]:
    """As it was made; with a space before every text; with none."""
    from tokenizers import normalizers

    yield tokenizer
    tokenizer.pre_tokenizer = None
    spaces = normalizers.Replace(" ", _SPACE)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(_SPACE), spaces])
    yield tokenizer
    tokenizer.normalizer = spaces
    yield tokenizer
