"""What is asked of an open session and by a harness, one question at a time, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgewright.core.measurement.likelihood import Likelihood, Pair


@dataclass(frozen=True, kw_only=True)
class GenerateRequest:
    """Asked of an open session: continue ``ids`` greedily by at most ``tokens`` tokens, ending after a ``stop`` id."""

    kind: Literal["generate"] = "generate"
    ids: tuple[int, ...]
    tokens: int
    stop: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LikelihoodRequest:
    """Asked of an open session: the log-likelihood of each pair's continuation."""

    kind: Literal["likelihoods"] = "likelihoods"
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True)
class CancelRequest:
    """Told an open session while it generates: stop after the current token. It is not answered itself."""

    kind: Literal["cancel"] = "cancel"


@dataclass(frozen=True, kw_only=True)
class EncodeRequest:
    """Asked: the ids of a text; ``special`` adds what the model expects around a plain text."""

    kind: Literal["encode"] = "encode"
    text: str
    special: bool


@dataclass(frozen=True, kw_only=True)
class DecodeRequest:
    """Asked: the text of ids."""

    kind: Literal["decode"] = "decode"
    ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class IdsReply:
    """Token ids: of a text, or those that were generated."""

    kind: Literal["ids"] = "ids"
    ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class TextReply:
    """A text."""

    kind: Literal["text"] = "text"
    text: str


@dataclass(frozen=True, kw_only=True)
class LikelihoodResult:
    """One answer per pair of a `LikelihoodRequest` or of a job of pairs, in order."""

    kind: Literal["likelihood"] = "likelihood"
    likelihoods: tuple[Likelihood, ...]


SessionRequest = GenerateRequest | LikelihoodRequest | CancelRequest
"""What an open session answers."""

Question = EncodeRequest | DecodeRequest | GenerateRequest | LikelihoodRequest
"""What a harness asks of its parent."""

Reply = IdsReply | TextReply | LikelihoodResult
"""What it is answered."""
