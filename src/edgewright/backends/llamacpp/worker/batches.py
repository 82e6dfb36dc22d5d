"""Tokens handed to llama.cpp with their positions and sequences."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, NamedTuple, Self


class Entry(NamedTuple):
    """A token, where it stands in which sequence, and whether logits after it are wanted."""

    token: int
    position: int
    sequence: int
    output: bool


class TokenBatch:
    """A ``llama_batch`` for up to ``room`` tokens, freed at the end of its ``with``."""

    def __init__(self, lib: Any, room: int) -> None:
        self._lib = lib
        self.room = room
        self.native: Any = lib.llama_batch_init(room, 0, 1)

    def fill(self, entries: Iterable[Entry]) -> None:
        """Replace what it holds."""
        self.native.n_tokens = 0
        for index, entry in enumerate(entries):
            self.native.token[index] = entry.token
            self.native.pos[index] = entry.position
            self.native.n_seq_id[index] = 1
            self.native.seq_id[index][0] = entry.sequence
            self.native.logits[index] = entry.output
            self.native.n_tokens = index + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lib.llama_batch_free(self.native)
