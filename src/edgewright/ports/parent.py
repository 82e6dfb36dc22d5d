"""The parent's half: what decisions ask of the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edgewright.core.jobs.results import Progress
from edgewright.ports.child import Tell

if TYPE_CHECKING:
    from edgewright.core.decision.assessment import Fit
    from edgewright.core.device.toolchain import ToolchainSpec, ToolchainState
    from edgewright.core.jobs.requests import Job
    from edgewright.core.jobs.results import Failure, Result
    from edgewright.core.measurement.rounds import Round, RoundKey
    from edgewright.core.model.facts import ModelFacts, SourceKind, Task, TensorShape
    from edgewright.core.recipe.allocation import Mixture
    from edgewright.core.recipe.artifact import Artifact, Manifest
    from edgewright.core.recipe.recipes import Option, Recipe
    from edgewright.core.recipe.space import Space
    from edgewright.core.run import Run, Trial


class Backend(Protocol):
    """A framework as the parent sees it: declared capabilities, no heavy imports."""

    @property
    def name(self) -> str:
        """The framework's name, as it stands in recipes."""
        ...

    @property
    def worker(self) -> str:
        """The module that holds ``WORKER``, imported in the toolchain's environment only."""
        ...

    @property
    def toolchain(self) -> ToolchainSpec:
        """The environment that runs its builds; where another makes them, it knows that one."""
        ...

    @property
    def code_digest(self) -> str:
        """A digest of the backend's own code and data: its builds depend on it."""
        ...

    @property
    def tasks(self) -> frozenset[Task]:
        """Tasks whose models it builds."""
        ...

    @property
    def runs(self) -> frozenset[SourceKind]:
        """Kinds of originals whose files it runs as they are; such a file needs no conversion, and proves others'."""
        ...

    @property
    def timed_where(self) -> tuple[str, ...]:
        """Conditions on the host, as `HostFacts.meets` reads them, under which its speed says something; empty: anywhere.

        Elsewhere its builds are made, compared with the original and scored, and timed only if they are asked for by name.
        """
        ...

    def recognizes(self, path: Path) -> bool:
        """Whether the file or directory is a model in this framework's own format, whoever made it."""
        ...

    def fit(self, facts: ModelFacts) -> Fit:
        """Whether and how well it can build this model, in words."""
        ...

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """Its candidates for this model; exactly one is unquantized and based on the source (it comes first)."""
        ...

    def space(self, facts: ModelFacts) -> Space | None:
        """Everything it can build of this model, for a search; None where `recipes` is all."""
        ...

    def mixture(self, facts: ModelFacts) -> Mixture | None:
        """How it can give tensors types of their own; None where it cannot."""
        ...

    def accelerations(self, recipe: Recipe) -> tuple[Mapping[str, Option], ...]:
        """Runtime options worth trying on a finished build: each is added to the recipe's own; none may be needed."""
        ...


class JobRunner(Protocol):
    """Runs one job in a fresh process of the half of a toolchain that it needs."""

    def run(
        self,
        toolchain: ToolchainSpec,
        job: Job,
        *,
        log: Path,
        tell: Tell,
        timeout_s: float,
        alone: bool = True,
    ) -> Result | Failure:
        """The job's result, or why there is none. The child's stdout and stderr go to ``log``.

        A job that is ``alone`` waits until nothing else of ours runs on the machine; others may run beside each other,
        in threads of one process.
        """
        ...

    def stop(self) -> None:
        """End the jobs that run, and start no other: their threads get a failure."""
        ...


class Toolchains(Protocol):
    """Environments of frameworks on this host."""

    def state(self, spec: ToolchainSpec) -> ToolchainState:
        """What there is of a half of a toolchain; changes nothing."""
        ...

    def ensure(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Install a half, and before it the one that it needs, unless installed; the state says why it is not ready."""
        ...

    def ahead(self, specs: Sequence[ToolchainSpec], tell: Tell) -> AbstractContextManager[None]:
        """Install these behind other work while the block runs, at rest while anything is timed; its end gives up what is left.

        `ensure` waits for one that was begun.
        """
        ...

    def verify(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Import its framework and compute something with it; changes nothing."""
        ...

    def remove(self, spec: ToolchainSpec, tell: Tell) -> int:
        """Delete it; returns the bytes that were freed."""
        ...


class Store(Protocol):
    """Finished directories under keys. What is there is whole."""

    @property
    def root(self) -> Path:
        """The directory that paths of finished directories begin with."""
        ...

    def receive(self, kind: str, key: str, source: Path) -> Path:
        """Copy a finished directory of another store, unless it is there; what is there afterwards is whole.

        Raises:
            ResourceError: there is no room for it.
        """
        ...

    def find(self, kind: str, key: str) -> Path | None:
        """The finished directory under a key, or None."""
        ...

    def every(self, kind: str) -> Iterator[Path]:
        """All finished directories of a kind."""
        ...

    def remove(self, kind: str, key: str) -> None:
        """Take a finished directory away, if there is one."""
        ...

    def building(self, kind: str, key: str) -> AbstractContextManager[Path]:
        """A path to build at; on a clean exit it is moved into the store, on an exception removed.

        Two builders of one key wait for each other.
        """
        ...


class Files(Protocol):
    """What stages need of finished directories: digests, manifests, facts, tokenizers, records."""

    def seal(self, root: Path, unsealed: Manifest) -> None:
        """Write the manifest of a finished artifact, with the digests and sizes of its files."""
        ...

    def artifact(self, root: Path) -> Artifact:
        """The artifact at ``root``, its bytes held against its manifest.

        Raises:
            IntegrityError: they differ.
        """
        ...

    def tree_digest(self, root: Path) -> str:
        """One digest of a directory's content."""
        ...

    def facts(self, source: Path) -> ModelFacts:
        """Facts of a portable source directory."""
        ...

    def tensors(self, source: Path) -> Sequence[TensorShape]:
        """Name, shape and stored bytes of every weight in a portable source directory."""
        ...

    def tokenizer(self, source: Path) -> Tokenizer:
        """The tokenizer of a portable source directory."""
        ...

    def write(self, path: Path, record: object) -> None:
        """Write a record as JSON, at once or not at all."""
        ...

    def read(self, path: Path, kind: type[Any]) -> Any:
        """Read a record that `write` wrote."""
        ...


class Tokenizer(Protocol):
    """Text to ids and back."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; ``special`` adds the tokens that the model expects around a plain text."""
        ...

    def decode(self, ids: list[int]) -> str:
        """The text of ids."""
        ...

    def chat(self, prompt: str) -> str:
        """A user's turn in the model's chat template."""
        ...

    def chat_lack(self, prompt: str) -> str:
        """Why `chat` returns the prompt as it is; empty where the template answers."""
        ...

    def prefix_id(self) -> int:
        """The token that an empty context is replaced by."""
        ...

    def begin_ids(self) -> tuple[int, ...]:
        """What its own rules put before a text."""
        ...

    def stop_ids(self) -> tuple[int, ...]:
        """Ids that end an answer."""
        ...


class Reporter(Protocol):
    """Where a run tells what it does: people see it as it happens."""

    def phase(self, text: str, *, left_s: float | None = None) -> None:
        """A step begins; ``left_s`` is the estimated time until the run's end."""
        ...

    def tell(self, progress: Progress) -> None:
        """A sign of life within a step."""
        ...

    def trial(self, trial: Trial) -> None:
        """A trial has new figures."""
        ...


class Clock(Protocol):
    """Time, injected."""

    def now_s(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        ...


class Journal(Protocol):
    """A run's directory: an append-only journal and the record."""

    @property
    def path(self) -> Path:
        """The directory."""
        ...

    def rounds(self, key: str) -> dict[RoundKey, Round]:
        """Finished rounds that were written under this plan key, by name."""
        ...

    def add_round(self, key: RoundKey, finished: Round) -> None:
        """Append a finished round."""
        ...

    def note(self, event: str, **details: str | float | None) -> None:
        """Append anything else worth keeping: the history of the run."""
        ...

    def save(self, run: Run) -> None:
        """Replace ``run.json`` and what is drawn from it."""
        ...
