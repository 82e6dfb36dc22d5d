"""``load``: a build that answers, in its own framework's process; what was benchmarked is what runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from edgewright.app.intake.opening import open_session
from edgewright.app.intake.runnable import runnable, source_of_build
from edgewright.app.options import ModelOptions
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.run import Trial
from edgewright.errors import UnsupportedError
from edgewright.ports import Context, LiveSession, Tokenizer


class Session:
    """An open build. Use it as a context manager, or call `close`. It answers one request at a time."""

    def __init__(self, live: LiveSession, tokenizer: Tokenizer | None) -> None:
        self._live = live
        self._tokenizer = tokenizer

    def stream_ids(self, ids: Sequence[int], max_tokens: int = 64) -> Iterator[int]:
        """Continue token ids greedily; each id comes as soon as it is known.

        It ends after an end-of-text token, which is part of the answer. Closing the iterator cancels the rest.
        """
        stop = self._tokenizer.stop_ids() if self._tokenizer else ()
        return self._live.stream(ids, max_tokens, stop)

    def generate_ids(self, ids: Sequence[int], max_tokens: int = 64) -> list[int]:
        """The ids of `stream_ids`, all at once."""
        return list(self.stream_ids(ids, max_tokens))

    def loglikelihoods(
        self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
    ) -> list[tuple[float, bool]]:
        """How likely each continuation is after its context, as (context ids, continuation ids), neither empty.

        One answer per pair: the sum of the continuation's log-probabilities (nat), and whether it is the greedy one.
        """
        asked = [(tuple(context), tuple(rest)) for context, rest in pairs]
        return [(answer.total, answer.greedy) for answer in self._live.likelihoods(asked)]

    @property
    def tokenizer(self) -> Tokenizer:
        """The source's tokenizer: ``encode`` and ``decode``.

        Raises:
            UnsupportedError: the build carries no tokenizer and its source is no longer in the store.
        """
        return self._text_tokenizer()

    def stream(self, prompt: str, max_tokens: int = 64, *, chat: bool = False) -> Iterator[str]:
        """Continue a text, or answer it through the model's chat template; pieces of text as they are known.

        Raises:
            UnsupportedError: the build carries no tokenizer and its source is no longer in the store.
        """
        tokenizer = self._text_tokenizer()
        text = tokenizer.chat(prompt) if chat else prompt
        # A chat template writes the special tokens itself; to a plain text the tokenizer adds those it has to.
        ids = tokenizer.encode(text, special=text == prompt)
        return text_pieces(tokenizer, self.stream_ids(ids, max_tokens))

    def generate(self, prompt: str, max_tokens: int = 64, *, chat: bool = False) -> str:
        """The text of `stream`, all at once.

        Raises:
            UnsupportedError: the build carries no tokenizer and its source is no longer in the store.
        """
        return "".join(self.stream(prompt, max_tokens, chat=chat))

    def chat_lack(self, prompt: str) -> str:
        """Why ``generate(prompt, chat=True)`` continues the prompt instead of answering it; nothing where it answers."""
        return self._text_tokenizer().chat_lack(prompt)

    def _text_tokenizer(self) -> Tokenizer:
        if self._tokenizer is None:
            raise UnsupportedError(
                "This build has no tokenizer.json, and its source model is not in the store.",
                hint="Use generate_ids with token ids.",
            )
        return self._tokenizer

    def close(self) -> None:
        """End the process that holds the model."""
        self._live.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def text_pieces(tokenizer: Tokenizer, ids: Iterator[int]) -> Iterator[str]:
    """Text as it becomes final: an unfinished character waits for the ids that complete it."""
    known: list[int] = []
    told = ""
    for token in ids:
        known.append(token)
        text = tokenizer.decode(known)
        if text.startswith(told) and not text.endswith("\ufffd"):
            yield text[len(told) :]
            told = text
    if (text := tokenizer.decode(known)) != told:
        yield text[len(told) :]


def load(context: Context, build: str | Path | Trial | Artifact, options: ModelOptions) -> Session:
    """Open a build (its directory, a trial of a run, or an artifact) or a model, and keep it open.

    Raises:
        EdgewrightError: it cannot be found, verified or opened.
    """
    found = runnable(context, _path(build), trust=options.trust)
    if isinstance(build, Trial):  # a tuned trial shares the artifact of the build that it tunes
        found = replace(found, runtime=build.recipe.runtime)
    place = source_of_build(context, Path(found.path))
    tokenizer = context.files.tokenizer(place) if place else None
    return Session(open_session(context, found), tokenizer)


def _path(build: str | Path | Trial | Artifact) -> str:
    if isinstance(build, Trial):
        if build.artifact is None:
            raise UnsupportedError(
                f"{build.id} has no build.", because=(build.reason,) if build.reason else ()
            )
        return build.artifact.path
    return build.path if isinstance(build, Artifact) else str(build)
