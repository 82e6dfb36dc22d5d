"""Texts for a tokenizer and a chat template: what every copy has to cut in the same way, and what is answered."""

from __future__ import annotations

from edgewright.core import knowledge
from edgewright.ports import Tokenizer

_TURN = "Which of 3, 12 and 007 is prime?\n\nAnswer in French, s'il te plaît. 🎉"
"""A user's turn with digits, an accent and an emoji: tokenizers' copies have to agree on it."""


def parity_texts(tokenizer: Tokenizer) -> tuple[str, ...]:
    """A text of many scripts, and a turn in the model's chat template."""
    return (knowledge.text("parity.txt"), tokenizer.chat(_TURN))


def chat_turns(tokenizer: Tokenizer) -> tuple[str, ...]:
    """A few users' turns in the model's chat template: how long are its answers?"""
    return tuple(tokenizer.chat(line) for line in knowledge.text("prompts.txt").splitlines())
