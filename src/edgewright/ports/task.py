"""A task: what a model's inputs and outputs are, and how builds of it are scored, timed, judged and cross-validated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edgewright.core.decision.policy import Policy
from edgewright.core.measurement.records import Placement
from edgewright.core.measurement.rounds import Key
from edgewright.core.statistics.looks import ONE_SIDED

if TYPE_CHECKING:
    from edgewright.core.jobs.results import Failure
    from edgewright.core.measurement.data import Calibration, ExamRequest, Part
    from edgewright.core.measurement.quantity import Metric, Value
    from edgewright.core.measurement.records import Block, Pace, Workload
    from edgewright.core.model.facts import Source, Task
    from edgewright.core.recipe.artifact import Artifact
    from edgewright.core.recipe.recipes import Option, Recipe
    from edgewright.core.run import CrossValidation, EvaluationData
    from edgewright.ports.backend import Backend
    from edgewright.ports.context import Context
    from edgewright.reasons import Reason


class Scored(Protocol):
    """The common part of the scores of all tasks: the number of examples, the duration, and where it ran."""

    @property
    def tokens(self) -> int:
        """Examples that were scored; tokens of a text."""
        ...

    @property
    def seconds(self) -> float:
        """How long scoring took."""
        ...

    @property
    def placement(self) -> Placement:
        """Where and how the session ran."""
        ...


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """How a task scores: ``job`` is run, its result is a ``result`` whose ``scores`` are a ``record`` (JSON by `codec`).

    A job has the fields ``worker``, ``artifact``, ``reference`` and ``write_reference``: the last two are files with the
    outputs of the original; the original writes them, builds read them.
    """

    job: Any
    result: type[Any]
    record: type[Any]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is scored or timed: an artifact under runtime options, in a backend's worker."""

    worker: str
    artifact: str
    runtime: Mapping[str, Option]


class Exam(Protocol):
    """A task's data and rules for one source in one run."""

    @property
    def data(self) -> EvaluationData:
        """The description of the data in the run's record."""
        ...

    @property
    def calibration(self) -> Calibration:
        """The data that builds may use."""
        ...

    @property
    def held_out(self) -> int:
        """Segments that nothing was chosen by, one a look."""
        ...

    @property
    def speed(self) -> str:
        """The metric whose ratio is the speedup."""
        ...

    @property
    def traced(self) -> tuple[int, ...]:
        """Inputs for finding the first difference between two runtimes; empty if the task cannot be traced."""
        ...

    def has(self, part: Part) -> bool:
        """Whether the part exists."""
        ...

    def scoring(
        self, part: Part, subject: Subject, *, original: bool = False, limit_s: float | None = None
    ) -> Scoring:
        """How a part is scored; a build that needs longer than ``limit_s`` scores the beginning."""
        ...

    def timing(self, subject: Subject, workload: Workload, pace: Pace) -> Any:
        """The job that times a block; its result has a ``block``."""
        ...

    def expected(self, context: Context, backend: Backend, artifact: str, log: Path) -> Any | Failure:
        """The prepared inputs of the original, for comparison with conversions."""
        ...

    def accuracy(self, parts: Sequence[Any], originals: Sequence[Any] = ()) -> dict[str, Value]:
        """Values of scores, part after part, and of the original's scores of the same parts if they are available."""
        ...

    def speeds(self, blocks: Sequence[Block], *, error: float = ONE_SIDED) -> dict[str, Value]:
        """Values of an arm's blocks; each bound is wrong with a probability of ``error``."""
        ...

    def against(
        self, blocks: Mapping[Key, Block], baseline: Mapping[Key, Block], *, error: float = ONE_SIDED
    ) -> dict[str, Value]:
        """Values of an arm's blocks beside the original's of the same rounds."""
        ...

    def ratio(self, blocks: Mapping[Key, Block], baseline: Mapping[Key, Block]) -> Value:
        """The ratio of the speeds of two arms."""
        ...

    def figure(self, block: Block) -> float:
        """The speed of one block."""
        ...

    def disagreement(self, block: Block, scores: Any) -> Reason | None:
        """The reason if a timed block is not valid because its answers differ from the scored run."""
        ...

    def cross_validate(
        self,
        context: Context,
        artifact: Artifact,
        scores: Any,
        expected: Any,
        *,
        log: Path,
        validation: Any | None = None,
        limit: float | None = None,
        cause: Callable[[], Reason],
    ) -> CrossValidation:
        """Whether an unquantized conversion equals the original; ``limit`` replaces the limit of the precision.

        ``cause`` returns the reason for a difference, from evidence only; it is called only if they differ.
        """
        ...


class TaskProfile(Protocol):
    """A task that models are optimized for. One is registered in `environment`, or by ``edgewright.tasks``."""

    @property
    def kind(self) -> Task:
        """The task, as named in the facts of its models."""
        ...

    @property
    def metrics(self) -> Sequence[Metric]:
        """Its own metrics, in addition to those of all tasks."""
        ...

    @property
    def policy(self) -> Policy:
        """Its default gates, and the metric of each objective."""
        ...

    @property
    def reference(self) -> Recipe:
        """How the original runs."""
        ...

    def exam(self, context: Context, source: Source, asked: ExamRequest) -> Exam:
        """Its data for one source.

        Raises:
            InputError: there is too little data.
        """
        ...
