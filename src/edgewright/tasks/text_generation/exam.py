"""The data and rules of text generation for one source: what is scored and timed, and what it is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.core.jobs.requests import BenchJob, ScoreJob
from edgewright.core.jobs.results import Failure, ScoreResult
from edgewright.core.measurement.accuracy import accuracy_values, joined, length_values
from edgewright.core.measurement.data import Calibration, ExamRequest, Ids, Part, PartKind, Parts
from edgewright.core.measurement.quantity import Value
from edgewright.core.measurement.records import Block, Pace, Prompts, Scores, Workload
from edgewright.core.measurement.rounds import Key
from edgewright.core.measurement.speed import block_figure, paired_values, ratio_of, speed_values
from edgewright.core.model.lengths import validation_lengths
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.run import CrossValidation, EvaluationData
from edgewright.core.statistics.looks import ONE_SIDED
from edgewright.ports import Backend, Context
from edgewright.ports.task import Scoring, Subject
from edgewright.tasks.text_generation.cross_validation import cross_validate, tokenize

_SMOKE_TOKENS = 16


@dataclass(frozen=True, kw_only=True)
class TextExam:
    """``begin`` are the ids that the tokenizer puts before a text, ``prompt`` what timed requests begin with.

    ``turns`` are prompts whose answers end at a ``stop`` id. At each of ``turning_points`` the model changes with the
    length of its input; ``routed`` says whether it chooses experts.
    """

    asked: ExamRequest
    parts: Parts
    calibration: Calibration
    parity: tuple[str, ...]
    begin: Ids
    prompt: Ids
    turns: tuple[Ids, ...]
    stop: Ids
    turning_points: tuple[int, ...] = ()
    routed: bool = False

    speed = "decode_tok_s"

    @property
    def data(self) -> EvaluationData:
        """The text and its parts."""
        return EvaluationData(
            name=self.asked.text.name,
            sha256=self.asked.text.sha256,
            tokens=len(self.parts.explored),
            held_out_tokens=sum(len(segment) for segment in self.parts.held_out),
            context=self.asked.window,
            parts=self.parts.digests(),
            repeated_windows=self.parts.repeated,
            begins_with=self.begin,
        )

    @property
    def held_out(self) -> int:
        """Segments of text that nothing was chosen by."""
        return len(self.parts.held_out)

    @property
    def traced(self) -> Ids:
        """What is run to see where two runtimes part."""
        return self.begin + self.parts.explored

    def has(self, part: Part) -> bool:
        """A glance is one window of several; lengths are validated where the model changes at some."""
        match part.kind:
            case PartKind.GLANCE:
                return len(self.parts.explored) > self.asked.window
            case PartKind.VALIDATION:
                return bool(self.turning_points)
            case PartKind.HELD_OUT:
                return part.number < self.held_out
            case _:
                return True

    def scoring(self, part: Part, subject: Subject, limit_s: float | None = None) -> Scoring:
        """Teacher forced, in windows that do not overlap. The explored text also asks for the answer to the prompt."""
        explored = part.kind is PartKind.EXPLORED
        compared = (
            explored and limit_s is not None
        )  # the original is no build: nothing is held against its answer
        talks = part.kind is PartKind.HELD_OUT and part.number == 0
        window = _SMOKE_TOKENS if part.kind is PartKind.SMOKE else self.asked.window
        lengths = validation_lengths(self.turning_points) if part.kind is PartKind.VALIDATION else ()
        job = ScoreJob(
            worker=subject.worker,
            artifact=subject.artifact,
            runtime=subject.runtime,
            ids=self._ids(part),
            context=max(lengths) if lengths else window,
            prefix=() if part.kind is PartKind.SMOKE else self.begin,
            lengths=lengths,
            limit_s=limit_s,
            prompt=self.prompt if compared else (),
            answer=self.asked.workload.decode_tokens if compared else 0,
            prompts=Prompts(ids=self.turns, stop=self.stop) if talks else None,
        )
        return Scoring(job=job, result=ScoreResult, record=Scores)

    def _ids(self, part: Part) -> Ids:
        match part.kind:
            case PartKind.HELD_OUT:
                return self.parts.held_out[part.number]
            case PartKind.GLANCE:
                return self.parts.explored[: self.asked.window]
            case PartKind.SMOKE:
                return self.parts.explored[:_SMOKE_TOKENS]
            case PartKind.VALIDATION:
                return self.parts.explored[: sum(validation_lengths(self.turning_points))]
            case _:
                return self.parts.explored

    def timing(self, subject: Subject, workload: Workload, pace: Pace) -> BenchJob:
        """Greedy requests on the prompt."""
        return BenchJob(
            worker=subject.worker,
            artifact=subject.artifact,
            runtime=subject.runtime,
            ids=self.prompt[: workload.prompt_tokens],
            workload=workload,
            pace=pace,
        )

    def expected(
        self, context: Context, backend: Backend, artifact: str, log: Path
    ) -> tuple[Ids, ...] | Failure:
        """How a copy of the tokenizer cuts the parity texts."""
        return tokenize(context, backend, artifact, self.parity, log)

    def accuracy(self, parts: Sequence[Scores], originals: Sequence[Scores] = ()) -> dict[str, Value]:
        """Perplexity, divergence, agreement and what is retained; how long answers are, where some were asked for."""
        lengths = length_values(parts[0], originals[0]) if originals else {}
        return accuracy_values(joined(parts)) | lengths

    def speeds(self, blocks: Sequence[Block], *, error: float = ONE_SIDED) -> dict[str, Value]:
        """Latencies, rates, memory and steadiness."""
        return speed_values(blocks, error=error)

    def against(
        self, blocks: Mapping[Key, Block], baseline: Mapping[Key, Block], *, error: float = ONE_SIDED
    ) -> dict[str, Value]:
        """Speedup in decoding, and memory cut."""
        return paired_values(blocks, baseline, error=error)

    def ratio(self, blocks: Mapping[Key, Block], baseline: Mapping[Key, Block]) -> Value:
        """The ratio of decode speeds."""
        return ratio_of(blocks, baseline, self.speed)

    def figure(self, block: Block) -> float:
        """Decode speed, in tokens/s."""
        return block_figure(block, self.speed)

    def disagreement(self, block: Block, scores: Scores) -> str:
        """A timed run must answer as the scored one did: what is fast because it is wrong is no build."""
        for request in block.requests if scores.generated else ():
            if request.token_ids != scores.generated[: len(request.token_ids)]:
                return "its timed run answered otherwise than its scored run, so its speed means nothing"
        return ""

    def cross_validate(
        self,
        context: Context,
        artifact: Artifact,
        scores: Scores,
        expected: tuple[Ids, ...],
        *,
        log: Path,
        validation: Scores | None = None,
        limit: float | None = None,
        cause: Callable[[], str],
    ) -> CrossValidation:
        """KL divergence at every length, and the tokenizer's copy."""
        return cross_validate(
            context,
            artifact,
            scores,
            texts=self.parity,
            expected=expected,
            log=log,
            lengths=validation,
            limit=limit,
            routed=self.routed,
            cause=cause,
        )
