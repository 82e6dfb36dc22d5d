"""A SentencePiece vocabulary of a GGUF file (``tokenizer.ggml.model`` "llama") as a tokenizer of the tokenizers library.

llama.cpp joins the neighbours whose joined token has the best score; byte-pair merges in the order of those scores do the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SPACE = "▁"
_UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = 2, 3, 4, 5, 6


def sentencepiece(fields: Mapping[str, Any], tokens: Sequence[str]) -> Any:
    """The tokenizer; special and user-defined tokens are added by the caller."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    kinds = [int(kind) for kind in fields.get("tokenizer.ggml.token_type", [1] * len(tokens))]
    scores = [float(score) for score in fields.get("tokenizer.ggml.scores", range(0, -len(tokens), -1))]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    unknown = fields.get("tokenizer.ggml.unknown_token_id")
    joined = {
        token: scores[number]
        for number, token in enumerate(tokens)
        if kinds[number] not in {_UNKNOWN, _CONTROL, _UNUSED, _BYTE, _USER_DEFINED}
    }
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=_merges(joined),
            unk_token=tokens[int(unknown)] if unknown is not None else None,
            fuse_unk=True,
            byte_fallback=_BYTE in kinds,
        )
    )
    prefixed = bool(fields.get("tokenizer.ggml.add_space_prefix", True))
    steps = [normalizers.Prepend(_SPACE)] if prefixed else []
    tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", _SPACE)])
    stripped = [decoders.Strip(" ", 1, 0)] if prefixed else []
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *stripped]
    )
    return tokenizer


def _merges(scores: Mapping[str, float]) -> list[tuple[str, str]]:
    """Every way to join two tokens into a third, the best third first; of one third, the one with the longer left part."""
    found: list[tuple[float, int, tuple[str, str]]] = []
    for token, score in scores.items():
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in scores and right in scores:
                found.append((-score, cut, (left, right)))
    found.sort(key=lambda row: row[:2])
    return [pair for _, _, pair in found]
