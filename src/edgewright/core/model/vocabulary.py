"""Token ids and the rows of the embeddings: which tokens a tokenizer gives that a model has no row for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from edgewright.core.model.facts import TensorShape
from edgewright.core.model.weights import EMBEDDINGS


def embedding_rows(tensors: Iterable[TensorShape]) -> int:
    """How many tokens the model can be given; 0 where its embeddings were not found."""
    return next((t.shape[0] for t in tensors if t.name.endswith(EMBEDDINGS) and len(t.shape) == 2), 0)


def tokens_of(tokenizer: Mapping[str, Any]) -> dict[str, int]:
    """Every token of a tokenizer.json with its id."""
    model = tokenizer.get("model")
    vocabulary = model.get("vocab") if isinstance(model, Mapping) else None
    found: dict[str, int] = {}
    if isinstance(vocabulary, Mapping):
        found = {token: number for token, number in vocabulary.items() if isinstance(number, int)}
    elif isinstance(vocabulary, list):  # Unigram: pieces with their scores, in the order of their ids
        found = {str(piece[0]): number for number, piece in enumerate(vocabulary) if piece}
    added = tokenizer.get("added_tokens")
    for entry in added if isinstance(added, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("id"), int):
            found[str(entry.get("content"))] = entry["id"]
    return found


def beyond(tokenizer: Mapping[str, Any], rows: int) -> dict[str, int]:
    """The tokens whose ids have no row, with their ids."""
    return {token: number for token, number in tokens_of(tokenizer).items() if number >= rows}


def token_text(value: object) -> str:
    """A special token's text: newer files hold it plainly, older ones in a dictionary."""
    text = value.get("content") if isinstance(value, Mapping) else value
    return text if isinstance(text, str) else ""
