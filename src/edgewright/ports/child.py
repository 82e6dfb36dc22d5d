"""The child's half: implemented in backends/*/worker and evaluators/*/worker, where frameworks may be imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edgewright.core.jobs.conversation import Question, Reply
from edgewright.core.jobs.results import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgewright.core.jobs.harness import HarnessJob, HarnessResult
    from edgewright.core.jobs.requests import BuildJob, EstimateJob, SensitivityJob, SourceJob, TaskJob
    from edgewright.core.jobs.results import (
        BenchResult,
        BuildResult,
        SensitivityResult,
        SmokeResult,
        SourceResult,
        TaskResult,
    )
    from edgewright.core.measurement.energy import Energy
    from edgewright.core.measurement.operators import OperatorProfile
    from edgewright.core.measurement.records import Placement
    from edgewright.core.recipe.recipes import Option

Tell = Callable[[Progress], None]
"""Receives progress messages."""

Ask = Callable[[Question], Reply]
"""Sends a question of a harness's child process to its parent."""


class Session(Protocol):
    """A loaded model: token ids in; logits or token ids out. The same session is benchmarked and used.

    ``placement`` is read after the first computation.
    """

    @property
    def placement(self) -> Placement: ...

    def score(self, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Raw logits after every position of ``ids``, from an empty cache.

        They come in order, in pieces of shape [rows, vocabulary] of limited size (see `backends.pieces`). All pieces together
        have ``len(ids)`` rows. The caller may keep a piece.
        """
        ...

    def generate(self, ids: Sequence[int], tokens: int) -> Iterator[int]:
        """Continue ``ids`` greedily from an empty cache by exactly ``tokens`` ids, end-of-text ignored.

        Each id is yielded as soon as it is known and computed (lazy frameworks synchronise first).
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class BatchSession(Session, Protocol):
    """A session that continues several prompts at once, with one computation per step."""

    def generate_batch(self, prompts: Sequence[Sequence[int]], tokens: int) -> Iterator[Sequence[int]]:
        """Continue prompts of one common length greedily; each step yields one id per prompt, in their order."""
        ...


class Worker(Protocol):
    """The child half of a backend. A worker module exposes one as ``WORKER``.

    Errors: `UnsupportedError` for what cannot work, `InputError` for a damaged input; any other error is a failure.
    """

    def smoke(self, scratch: Path) -> SmokeResult:
        """Import the packages for running and do a small computation; write only below ``scratch``."""
        ...

    def build(self, job: BuildJob, tell: Tell) -> BuildResult:
        """Write the artifact directory ``job.out``."""
        ...

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> Session:
        """Load an artifact directory (the reference: a portable source directory)."""
        ...

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Token ids from the artifact's own copy of the tokenizer, without special tokens."""
        ...


@runtime_checkable
class BuildSmokeWorker(Worker, Protocol):
    """A worker whose toolchain has a build half."""

    def smoke_build(self, scratch: Path) -> SmokeResult:
        """Import the packages for building; write only below ``scratch``."""
        ...


@runtime_checkable
class ProfilingWorker(Worker, Protocol):
    """A worker whose runtime can measure the time of each operator."""

    def profile(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int], tokens: int, scratch: Path
    ) -> OperatorProfile:
        """Run one request (prompt ``ids``, then ``tokens`` ids) under the runtime's own profiler."""
        ...


@runtime_checkable
class TracingWorker(Worker, Protocol):
    """A worker whose runtime exposes the output of each layer."""

    def trace(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int]
    ) -> Mapping[int, NDArray[np.float32]]:
        """Arrays of shape [tokens, hidden size] by the layer's number, before any norm that follows the layers."""
        ...


@runtime_checkable
class TypeTimingWorker(Worker, Protocol):
    """A worker whose runtime has separate kernels for each type of weights."""

    def time_types(self, types: Sequence[str], scratch: Path) -> Mapping[str, float]:
        """Seconds per weight of each type for decoding one token, measured on a model made for this test."""
        ...


class HarnessWorker(Protocol):
    """The child half of an evaluation harness. It has no model: the build's framework answers its questions."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """As `Worker.smoke`."""
        ...

    def evaluate(self, job: HarnessJob, ask: Ask, tell: Tell) -> HarnessResult:
        """Run the job's tasks; errors as in `Worker`, and `OfflineError` if data must be downloaded."""
        ...


class EnergyModelWorker(Protocol):
    """The child half of a power model. It gets the resource use of a block after the block has ended."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """As `Worker.smoke`."""
        ...

    def estimate(self, job: EstimateJob) -> Energy:
        """The estimated energy of a block in joules, with its scope in words; it is never labelled as measured."""
        ...


class TaskModule(Protocol):
    """The child half of a task that has steps of its own: a module with this function."""

    def answer(self, worker: Worker, job: TaskJob, tell: Tell) -> TaskResult | BenchResult:
        """The result of a step: scores, or a timed block; errors as in `Worker`."""
        ...


class SourceWorker(Worker, Protocol):
    """The reference's child half: it also writes portable source directories, and analyses the original."""

    def write_source(self, job: SourceJob, tell: Tell) -> SourceResult: ...

    def sensitivity(self, job: SensitivityJob, tell: Tell) -> SensitivityResult:
        """The loss from rounding each group of weights of the source."""
        ...
