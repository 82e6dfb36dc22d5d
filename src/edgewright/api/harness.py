"""``evaluate --lm-eval``: tasks of lm-evaluation-harness over any build, answered from the build's own framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, assert_never

from edgewright.api.intake import unavailable
from edgewright.api.quiet import Quiet
from edgewright.api.runnable import Runnable, runnable, source_of_build
from edgewright.api.tasking import answers
from edgewright.core.conversation import (
    DecodeRequest,
    EncodeRequest,
    GenerateRequest,
    IdsReply,
    LikelihoodRequest,
    LikelihoodResult,
    Question,
    Reply,
    TextReply,
)
from edgewright.core.harness import HarnessJob, HarnessResult, HarnessScore
from edgewright.core.jobs import SessionJob
from edgewright.core.recipe import scoring_runtime
from edgewright.errors import InputError, UnsupportedError
from edgewright.ports import Reporter, Workshop
from edgewright.runtime.dialogue import converse
from edgewright.runtime.locks import machine
from edgewright.runtime.models import Trust
from edgewright.runtime.runner import WorkerSession
from edgewright.runtime.tokens import SourceTokenizer
from edgewright.stages.prepare import error_of
from edgewright.wiring import Wiring

_TIMEOUT_S = 3600.0
_HUB = {"HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}


@dataclass(frozen=True, kw_only=True)
class HarnessEvaluation:
    """The harness's own figures, and its items by task as it logs them."""

    model: str
    runtime: str
    versions: Mapping[str, str]
    scores: tuple[HarnessScore, ...]
    samples: Mapping[str, tuple[Mapping[str, Any], ...]]


def evaluate_lm_eval(
    model: str,
    tasks: Sequence[str],
    *,
    include_path: str | Path | None = None,
    limit: int | None = None,
    runtime: str = "",
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    reporter: Reporter | None = None,
) -> HarnessEvaluation:
    """Run tasks of lm-evaluation-harness, batch 1; ``include_path`` holds task files of one's own.

    The harness's toolchain is installed if it is not there.

    Raises:
        OfflineError: a task's data would have to be fetched and cannot be.
        EdgewrightError: a task, the model or a toolchain cannot be had.
    """
    place = Path(include_path).expanduser().resolve() if include_path else None
    if place and not place.is_dir():
        raise InputError(
            f"There is no directory {place}.", hint="Give the directory of your tasks' YAML files."
        )
    wiring = Wiring(offline)
    shop = wiring.workshop(reporter or Quiet(), wiring.home.root / "logs" / "evaluate")
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    subject = runnable(wiring, shop, model, runtime=runtime, trust=trust)
    state = wiring.toolchains.ensure(wiring.lm_eval, shop.reporter.tell)
    if not state.ready:
        raise unavailable(wiring.lm_eval, state)
    with _Answers(wiring, shop, subject) as parent:
        job = HarnessJob(
            worker=wiring.lm_eval.worker,
            tasks=tuple(tasks),
            include_path=str(place or ""),
            limit=limit,
            prefix_id=parent.tokenizer.prefix_id(),
            stop_ids=parent.tokenizer.stop_ids(),
            max_length=wiring.files.facts(parent.source).context or 2048,
        )
        shop.reporter.phase(f"{subject.name}: {', '.join(tasks)}")
        result = converse(
            Path(state.path),
            {**state.environment, **({} if offline else _HUB)},
            job,
            parent.answer,
            log=shop.logs / "lm_eval.log",
            tell=shop.reporter.tell,
            timeout_s=_TIMEOUT_S,
        )
    if not isinstance(result, HarnessResult):
        raise error_of(result)
    return HarnessEvaluation(
        model=subject.name,
        runtime=subject.backend.name,
        versions=result.versions,
        scores=result.scores,
        samples=result.samples,
    )


class _Answers:
    """What the harness asks, answered by the source's tokenizer and the subject's framework."""

    def __init__(self, wiring: Wiring, shop: Workshop, subject: Runnable) -> None:
        source = source_of_build(wiring, Path(subject.path))
        if source is None:
            raise UnsupportedError(
                f"{subject.name} carries no tokenizer.json, and its source is not in the store.",
                hint="Give the model itself, or a build whose source is here.",
            )
        self.source = source
        self.tokenizer = SourceTokenizer(source)
        self._wiring, self._shop, self._subject = wiring, shop, subject
        self._open = ExitStack()
        self._session: WorkerSession | None = None

    def answer(self, question: Question) -> Reply:
        match question:
            case EncodeRequest():
                return IdsReply(ids=tuple(self.tokenizer.encode(question.text, special=question.special)))
            case DecodeRequest():
                return TextReply(text=self.tokenizer.decode(list(question.ids)))
            case LikelihoodRequest():
                return LikelihoodResult(likelihoods=answers(self._shop, self._subject, question.pairs))
            case GenerateRequest():
                return IdsReply(ids=self._generated(question))
            case _:
                assert_never(question)

    def _generated(self, question: GenerateRequest) -> tuple[int, ...]:
        with machine(self._shop.reporter.tell):
            if self._session is None:
                self._session = self._opened()
            return tuple(self._session.exchange(question))

    def _opened(self) -> WorkerSession:
        subject = self._subject
        state = self._wiring.toolchains.state(subject.backend.toolchain)
        job = SessionJob(
            worker=subject.backend.worker,
            artifact=subject.path,
            runtime=scoring_runtime(subject.backend.name) if subject.source else subject.runtime,
        )
        log = self._shop.logs / f"{subject.backend.name}.log"
        session = WorkerSession(Path(state.path), state.environment, job, log)
        self._open.callback(session.close)
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
