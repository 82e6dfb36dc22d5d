"""What lm-evaluation-harness asks of a model, said in token ids; the harness itself is not imported here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from edgewright.core.measurement.likelihood import Pair, encode_pair
from edgewright.errors import UnsupportedError

DEFAULT_TOKENS = 256
"""Tokens of a generation where the task names no number, as in the harness."""

_FIRST_TOKENS = 32
_MOST = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")


class Model(Protocol):
    """What answers: an open session of `edgewright.load`, or the parent of a harness's process."""

    def loglikelihoods(
        self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
    ) -> list[tuple[float, bool]]:
        """For each (context ids, continuation ids): the sum of log-probabilities, and whether it is the greedy answer."""
        ...

    def generate_ids(self, ids: Sequence[int], max_tokens: int) -> list[int]:
        """Continue ids greedily, ending after an end-of-text id."""
        ...


class Tokenizer(Protocol):
    """The source's tokenizer."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; ``special`` adds what the model expects around a plain text (such as BOS)."""
        ...

    def decode(self, ids: list[int]) -> str:
        """The text of ids, special tokens left out."""
        ...


class Answering:
    """Texts in, answers out; ``prefix_id`` stands before a text that has nothing before it."""

    def __init__(self, model: Model, tokenizer: Tokenizer, *, prefix_id: int, max_length: int) -> None:
        self._model = model
        self._decode = tokenizer.decode
        self._prefix = prefix_id
        self._longest = max_length
        # A task asks for the same context once per choice.
        self._plain: Callable[[str], list[int]] = lru_cache(4096)(tokenizer.encode)
        self._special: Callable[[str], list[int]] = lru_cache(4096)(
            lambda text: tokenizer.encode(text, special=True)
        )

    def loglikelihood(self, requests: Sequence[tuple[str, str]]) -> list[tuple[float, bool]]:
        """One answer per (context, continuation)."""
        return self._model.loglikelihoods([self._cut(self._pair(*request)) for request in requests])

    def _pair(self, context: str, continuation: str) -> Pair:
        if context:
            return encode_pair(self._special, context, continuation)
        ids = tuple(self._plain(continuation))
        return (ids[:1], ids[1:]) if ids[0] == self._prefix and len(ids) > 1 else ((self._prefix,), ids)

    def _cut(self, pair: Pair) -> Pair:
        """A pair that is too long loses the beginning of its context; one context id is always kept."""
        context, continuation = pair
        room = self._longest + 1 - len(continuation)
        if room < 1:
            raise UnsupportedError(
                f"A continuation of {len(continuation)} tokens is longer than the model's limit of "
                f"{self._longest}."
            )
        return context[-room:], continuation

    def loglikelihood_rolling(self, texts: Sequence[str]) -> list[float]:
        """The log-likelihood of each whole text, in windows of the model's length that do not overlap."""
        windows = [self._windows(self._special(text)) for text in texts]
        answers = iter(self._model.loglikelihoods([pair for spans in windows for pair in spans]))
        return [sum(next(answers)[0] for _ in spans) for spans in windows]

    def _windows(self, ids: list[int]) -> list[Pair]:
        """Every id is predicted once; a window's last ids may see those of the window before (as the harness does it)."""
        size, pairs, done = self._longest, [], 0
        whole = [self._prefix, *ids]
        while done < len(ids):
            count = min(size, len(ids) - done)
            end = done + count + 1
            start = max(0, end - size - 1)
            pairs.append((tuple(whole[start : done + 1]), tuple(whole[done + 1 : end])))
            done += count
        return pairs

    def generate_until(self, requests: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
        """Continue each context greedily up to one of its ``until`` texts."""
        return [self._generated(context, options) for context, options in requests]

    def _generated(self, context: str, options: Mapping[str, Any]) -> str:
        if options.get("do_sample", float(options.get("temperature") or 0.0) > 0.0):
            raise UnsupportedError("This task samples its answers; edgewright decodes greedily only.")
        until = options.get("until") or []
        stops = [until] if isinstance(until, str) else list(until)
        most = next((int(options[name]) for name in _MOST if options.get(name)), DEFAULT_TOKENS)
        room = self._longest - most
        if room < 1:
            raise UnsupportedError(f"{most} tokens to generate exceed the model's limit of {self._longest}.")
        ids = self._special(context)[-room:]
        tokens = min(_FIRST_TOKENS, most)
        while True:
            made = self._model.generate_ids(ids, tokens)
            text = self._decode(made)
            if len(made) < tokens or tokens == most or any(stop in text for stop in stops if stop):
                return _until(text, stops)
            tokens = min(2 * tokens, most)  # most answers are short: longer ones are made again, and are few


def _until(text: str, stops: Sequence[str]) -> str:
    for stop in stops:
        if stop:
            text = text.split(stop, maxsplit=1)[0]
    return text
