"""``evaluate --lm-eval``: tasks of lm-evaluation-harness over any build, answered from the build's own framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, assert_never

from edgewright.app.evaluate.tasks import answers
from edgewright.app.intake.opening import open_session
from edgewright.app.intake.runnable import Runnable, runnable, source_of_build
from edgewright.app.intake.sources import unavailable
from edgewright.app.options import ModelOptions
from edgewright.app.steps.prepare import error_of
from edgewright.core.jobs.conversation import (
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
from edgewright.core.jobs.harness import HarnessJob, HarnessResult, HarnessScore
from edgewright.core.jobs.kinds import kind_of
from edgewright.errors import InputError, UnsupportedError
from edgewright.ports import Context, LiveSession

_HARNESS = "lm_eval"
_HUB = {"HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}


@dataclass(frozen=True, kw_only=True)
class HarnessEvaluation:
    """The harness's own figures, and its items by task as it logs them."""

    model: str
    runtime: str
    versions: Mapping[str, str]
    scores: tuple[HarnessScore, ...]
    samples: Mapping[str, tuple[Mapping[str, Any], ...]]


@dataclass(frozen=True, kw_only=True)
class HarnessOptions(ModelOptions):
    """``include_path`` is a directory with task files of one's own; ``limit`` takes the first items of each task only.

    ``framework`` runs a build that another tool made.
    """

    include_path: str | Path | None = None
    limit: int | None = None
    framework: str = ""


def evaluate_lm_eval(
    context: Context, model: str, tasks: Sequence[str], options: HarnessOptions
) -> HarnessEvaluation:
    """Run tasks of lm-evaluation-harness, batch 1. Its toolchain is installed if it is not there.

    Raises:
        OfflineError: a task's data would have to be fetched and cannot be.
        EdgewrightError: a task, the model or a toolchain cannot be had.
    """
    place = Path(options.include_path).expanduser().resolve() if options.include_path else None
    if place and not place.is_dir():
        raise InputError(
            f"There is no directory {place}.", hint="Give the directory of your tasks' YAML files."
        )
    harness = context.evaluators[_HARNESS]
    subject = runnable(context, model, framework=options.framework, trust=options.trust)
    state = context.toolchains.ensure(harness, context.reporter.tell)
    if not state.ready:
        raise unavailable(harness.title, state)
    with _Answers(context, subject) as parent:
        job = HarnessJob(
            worker=harness.worker,
            tasks=tuple(tasks),
            include_path=str(place or ""),
            limit=options.limit,
            prefix_id=parent.tokenizer.prefix_id(),
            stop_ids=parent.tokenizer.stop_ids(),
            max_length=context.files.facts(parent.source).context or 2048,
        )
        context.reporter.phase(f"{subject.name}: {', '.join(tasks)}")
        result = context.sessions.converse(
            harness,
            job,
            parent.answer,
            variables={} if context.offline else _HUB,
            log=context.logs / "lm_eval.log",
            tell=context.reporter.tell,
            timeout_s=kind_of(job).timeout_s,
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

    def __init__(self, context: Context, subject: Runnable) -> None:
        source = source_of_build(context, Path(subject.path))
        if source is None:
            raise UnsupportedError(
                f"{subject.name} carries no tokenizer.json, and its source is not in the store.",
                hint="Give the model itself, or a build whose source is here.",
            )
        self.source = source
        self.tokenizer = context.files.tokenizer(source)
        self._context, self._subject = context, subject
        self._open = ExitStack()
        self._session: LiveSession | None = None

    def answer(self, question: Question) -> Reply:
        match question:
            case EncodeRequest():
                return IdsReply(ids=tuple(self.tokenizer.encode(question.text, special=question.special)))
            case DecodeRequest():
                return TextReply(text=self.tokenizer.decode(list(question.ids)))
            case LikelihoodRequest():
                return LikelihoodResult(likelihoods=answers(self._context, self._subject, question.pairs))
            case GenerateRequest():
                return IdsReply(ids=self._generated(question))
            case _:
                assert_never(question)

    def _generated(self, question: GenerateRequest) -> tuple[int, ...]:
        with self._context.sessions.alone(self._context.reporter.tell):
            if self._session is None:
                self._session = open_session(self._context, self._subject)
                self._open.callback(self._session.close)
            return tuple(self._session.stream(question.ids, question.tokens, question.stop))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
