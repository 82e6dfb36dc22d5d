"""The profile of text generation."""

from __future__ import annotations

from pathlib import Path

from edgewright.core.decision.policy import Policy
from edgewright.core.measurement.data import Calibration, ExamRequest
from edgewright.core.measurement.quantity import Metric
from edgewright.core.model.facts import Source, Task
from edgewright.core.recipe.recipes import REFERENCE, Recipe
from edgewright.ports import Context
from edgewright.tasks.text_generation.exam import TextExam
from edgewright.tasks.text_generation.parity import chat_turns, parity_texts
from edgewright.tasks.text_generation.parts import parts_of


class TextGeneration:
    """Language models that continue token ids."""

    kind = Task.TEXT_GENERATION
    metrics: tuple[Metric, ...] = ()
    """All of its metrics are known to every task."""

    @property
    def policy(self) -> Policy:
        """Accuracy, speed, memory and steadiness, as the policy's own defaults have them."""
        return Policy()

    @property
    def reference(self) -> Recipe:
        """PyTorch, in float32."""
        return REFERENCE

    def exam(self, context: Context, source: Source, asked: ExamRequest) -> TextExam:
        """The parts of the text that was asked for, by the source's tokenizer.

        Raises:
            InputError: the text is too short.
        """
        tokenizer = context.files.tokenizer(Path(source.path))
        ids = tokenizer.encode(asked.text.content)
        parts = parts_of(ids, asked)
        begin = tokenizer.begin_ids()
        looked_at = parts.calibration[: asked.calibration]
        return TextExam(
            asked=asked,
            parts=parts,
            calibration=Calibration(ids=looked_at, text=tokenizer.decode(list(looked_at)), begin=begin),
            parity=parity_texts(tokenizer),
            begin=begin,
            prompt=(*begin, *ids)[: asked.workload.prompt_tokens],
            turns=tuple(tuple(tokenizer.encode(turn)) for turn in chat_turns(tokenizer)),
            stop=tokenizer.stop_ids(),
            turning_points=source.facts.turning_points,
            routed=bool(source.facts.experts),
        )
