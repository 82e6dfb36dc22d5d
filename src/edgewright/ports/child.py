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
    from edgewright.core.jobs.requests import BuildJob, EstimateJob, SensitivityJob, SourceJob
    from edgewright.core.jobs.results import BuildResult, SensitivityResult, SmokeResult, SourceResult
    from edgewright.core.measurement.energy import Energy
    from edgewright.core.measurement.operators import OperatorProfile
    from edgewright.core.measurement.records import Placement
    from edgewright.core.recipe.recipes import Option

Tell = Callable[[Progress], None]
"""Where signs of life go."""

Ask = Callable[[Question], Reply]
"""How a harness's child asks its parent."""


class Session(Protocol):
    """A loaded model: token ids in; logits or token ids out. What is benchmarked is what runs.

    ``placement`` is asked after the first computation. ``run`` for other tasks will join these.
    """

    @property
    def placement(self) -> Placement: ...

    def score(self, ids: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Raw logits after every position of ``ids``, from an empty cache.

        They come in order, in pieces of shape [rows, vocabulary] that stay small whatever the vocabulary (see
        `backends.pieces`); the rows of all pieces are ``len(ids)``. A piece is the caller's to keep.
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
    """A session that continues several prompts at once, in one computation a step."""

    def generate_batch(self, prompts: Sequence[Sequence[int]], tokens: int) -> Iterator[Sequence[int]]:
        """Continue prompts of one common length greedily; each step yields one id per prompt, in their order."""
        ...


class Worker(Protocol):
    """What each backend's child half can do. A worker module exposes one as ``WORKER``.

    Errors: `UnsupportedError` for what will never work, `InputError` for a broken input; all else is a failure.
    """

    def smoke(self, scratch: Path) -> SmokeResult:
        """Import what running needs and compute something real with it; write only below ``scratch``."""
        ...

    def build(self, job: BuildJob, tell: Tell) -> BuildResult:
        """Write the artifact directory ``job.out``."""
        ...

    def open(self, artifact: Path, runtime: Mapping[str, Option]) -> Session:
        """Load an artifact directory (the reference: a portable source directory)."""
        ...

    def tokenize(self, artifact: Path, texts: Sequence[str]) -> list[list[int]]:
        """Ids by the artifact's own copy of the tokenizer, no special tokens added."""
        ...


@runtime_checkable
class BuildSmokeWorker(Worker, Protocol):
    """A worker whose toolchain has a build half."""

    def smoke_build(self, scratch: Path) -> SmokeResult:
        """Import what building needs; write only below ``scratch``."""
        ...


@runtime_checkable
class ProfilingWorker(Worker, Protocol):
    """A worker whose runtime says where its time goes, operator by operator."""

    def profile(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int], tokens: int, scratch: Path
    ) -> OperatorProfile:
        """Run one request (prompt ``ids``, then ``tokens`` ids) under the runtime's own profiler."""
        ...


@runtime_checkable
class TracingWorker(Worker, Protocol):
    """A worker whose runtime shows what comes out of each layer."""

    def trace(
        self, artifact: Path, runtime: Mapping[str, Option], ids: Sequence[int]
    ) -> Mapping[int, NDArray[np.float32]]:
        """Arrays of shape [tokens, hidden size] by the layer's number, before any norm that follows the layers."""
        ...


@runtime_checkable
class TypeTimingWorker(Worker, Protocol):
    """A worker whose runtime has kernels of its own for each type of weights."""

    def time_types(self, types: Sequence[str], scratch: Path) -> Mapping[str, float]:
        """Seconds that one weight of each type takes in decoding one token; measured on a model made for it."""
        ...


class HarnessWorker(Protocol):
    """The child half of an evaluation harness. It has no model: it asks, and is answered from the build's framework."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """As `Worker.smoke`."""
        ...

    def evaluate(self, job: HarnessJob, ask: Ask, tell: Tell) -> HarnessResult:
        """Run the job's tasks; errors as in `Worker`, and `OfflineError` where data would have to be fetched."""
        ...


class EnergyModelWorker(Protocol):
    """The child half of a model of power. It sees no machine at work: it is told what a block used, afterwards."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """As `Worker.smoke`."""
        ...

    def estimate(self, job: EstimateJob) -> Energy:
        """The joules of a block by the model, its scope in words; the source is never a measured one."""
        ...


class SourceWorker(Worker, Protocol):
    """The reference's child half: it also writes portable source directories, and looks into the original."""

    def write_source(self, job: SourceJob, tell: Tell) -> SourceResult: ...

    def sensitivity(self, job: SensitivityJob, tell: Tell) -> SensitivityResult:
        """What rounding each group of weights costs the source."""
        ...
