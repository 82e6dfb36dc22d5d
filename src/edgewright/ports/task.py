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
    from edgewright.ports.context import Context
    from edgewright.ports.parent import Backend


class Scored(Protocol):
    """What the scores of every task say: on how many examples they stand, how long it took, and where it ran."""

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
    """How a task scores: ``job`` is asked, its result is a ``result`` whose ``scores`` are a ``record`` (JSON by `codec`).

    A job has the fields ``worker``, ``artifact``, ``reference`` and ``write_reference``: the last two are files of what
    the original put out, read by builds and written by the original.
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
        """What the run's record says of the data."""
        ...

    @property
    def calibration(self) -> Calibration:
        """What builds may look at."""
        ...

    @property
    def held_out(self) -> int:
        """Segments that nothing was chosen by, one a look."""
        ...

    @property
    def speed(self) -> str:
        """The metric that a speedup is the ratio of."""
        ...

    @property
    def traced(self) -> tuple[int, ...]:
        """Inputs that are run to see where two runtimes part; empty where a task cannot be traced."""
        ...

    def has(self, part: Part) -> bool:
        """Whether there is such a part."""
        ...

    def scoring(self, part: Part, subject: Subject, limit_s: float | None = None) -> Scoring:
        """How a part is scored; a build that needs longer than ``limit_s`` scores the beginning."""
        ...

    def timing(self, subject: Subject, workload: Workload, pace: Pace) -> Any:
        """The job that times a block; its result has a ``block``."""
        ...

    def expected(self, context: Context, backend: Backend, artifact: str, log: Path) -> Any | Failure:
        """What the original's own copy of the inputs' preparation gives, for conversions to be held against."""
        ...

    def accuracy(self, parts: Sequence[Any], originals: Sequence[Any] = ()) -> dict[str, Value]:
        """Values of scores, part after part, and of the original's scores of the same parts where they are at hand."""
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

    def disagreement(self, block: Block, scores: Any) -> str:
        """Why a timed block means nothing: it answered otherwise than the scored run. Empty where it does not."""
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
        cause: Callable[[], str],
    ) -> CrossValidation:
        """Whether an unquantized conversion answers as the original does; ``limit`` is another than the precision's.

        ``cause`` names why they differ, by evidence only; it is asked only where they do.
        """
        ...


class TaskProfile(Protocol):
    """A task that models are optimized for. One is registered in `environment`, or by ``edgewright.tasks``."""

    @property
    def kind(self) -> Task:
        """The task that the facts of its models name."""
        ...

    @property
    def metrics(self) -> Sequence[Metric]:
        """Its own metrics, beside those that every task has."""
        ...

    @property
    def policy(self) -> Policy:
        """Its default gates, and the metrics that stand for the objectives."""
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
