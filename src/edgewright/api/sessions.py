"""``load``: a build that answers, in its own framework's process; what was benchmarked is what runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from edgewright.api.quiet import Quiet
from edgewright.api.runnable import runnable, source_of_build
from edgewright.core.artifact import Artifact
from edgewright.core.conversation import GenerateRequest, LikelihoodRequest
from edgewright.core.jobs import SessionJob
from edgewright.core.run import Trial
from edgewright.errors import UnsupportedError
from edgewright.runtime.models import Trust
from edgewright.runtime.runner import WorkerSession
from edgewright.runtime.tokens import SourceTokenizer
from edgewright.wiring import Wiring


class Session:
    """An open build. Use it as a context manager, or call `close`."""

    def __init__(self, child: WorkerSession, tokenizer: SourceTokenizer | None) -> None:
        self._child = child
        self._tokenizer = tokenizer

    def generate_ids(self, ids: Sequence[int], max_tokens: int = 64) -> list[int]:
        """Continue token ids greedily; ends after an end-of-text token, which is part of the answer."""
        stop = self._tokenizer.stop_ids() if self._tokenizer else ()
        return self._child.exchange(GenerateRequest(ids=tuple(ids), tokens=max_tokens, stop=stop))

    def loglikelihoods(
        self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
    ) -> list[tuple[float, bool]]:
        """How likely each continuation is after its context, as (context ids, continuation ids), neither empty.

        One answer per pair: the sum of the continuation's log-probabilities (nat), and whether it is the greedy one.
        """
        asked = LikelihoodRequest(pairs=tuple((tuple(context), tuple(rest)) for context, rest in pairs))
        return [(answer.total, answer.greedy) for answer in self._child.likelihoods(asked)]

    @property
    def tokenizer(self) -> SourceTokenizer:
        """The source's tokenizer: ``encode`` and ``decode``.

        Raises:
            UnsupportedError: the build carries no tokenizer and its source is no longer in the store.
        """
        return self._text_tokenizer()

    def generate(self, prompt: str, max_tokens: int = 64, *, chat: bool = False) -> str:
        """Continue a text, or answer it through the model's chat template.

        Raises:
            UnsupportedError: the build carries no tokenizer and its source is no longer in the store.
        """
        tokenizer = self._text_tokenizer()
        text = tokenizer.chat(prompt) if chat else prompt
        # A chat template writes the special tokens itself; to a plain text the tokenizer adds those it has to.
        ids = tokenizer.encode(text, special=text == prompt)
        return tokenizer.decode(self.generate_ids(ids, max_tokens))

    def chat_lack(self, prompt: str) -> str:
        """Why ``generate(prompt, chat=True)`` continues the prompt instead of answering it; nothing where it answers."""
        return self._text_tokenizer().chat_lack(prompt)

    def _text_tokenizer(self) -> SourceTokenizer:
        if self._tokenizer is None:
            raise UnsupportedError(
                "This build carries no tokenizer.json, and its source is not in the store.",
                hint="Use generate_ids with token ids.",
            )
        return self._tokenizer

    def close(self) -> None:
        """End the process that holds the model."""
        self._child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load(
    build: str | Path | Trial | Artifact,
    *,
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
) -> Session:
    """Open a build (its directory, a trial of a run, or an artifact) or a model, and keep it open.

    Raises:
        EdgewrightError: it cannot be found, verified or opened.
    """
    wiring = Wiring(offline)
    shop = wiring.workshop(Quiet(), wiring.home.root / "logs" / "session")
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    found = runnable(wiring, shop, _path(build), trust=trust)
    state = wiring.toolchains.state(found.backend.toolchain)
    # A tuned trial shares the artifact of the build that it tunes: its own runtime options stand in its recipe.
    runtime = build.recipe.runtime if isinstance(build, Trial) else found.runtime
    job = SessionJob(worker=found.backend.worker, artifact=found.path, runtime=runtime)
    child = WorkerSession(Path(state.path), state.environment, job, shop.logs / f"{found.backend.name}.log")
    place = source_of_build(wiring, Path(found.path))
    return Session(child, SourceTokenizer(place) if place else None)


def _path(build: str | Path | Trial | Artifact) -> str:
    if isinstance(build, Trial):
        if build.artifact is None:
            raise UnsupportedError(f"{build.id} has no build: {build.reason}")
        return build.artifact.path
    return build.path if isinstance(build, Artifact) else str(build)
