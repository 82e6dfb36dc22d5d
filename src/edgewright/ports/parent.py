"""The parent's half: the interfaces that decisions use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edgewright.core.jobs.results import Progress
from edgewright.ports.child import Tell

if TYPE_CHECKING:
    from edgewright.core.decision.assessment import Fit
    from edgewright.core.device.server import Server
    from edgewright.core.device.toolchain import ToolchainSpec, ToolchainState
    from edgewright.core.jobs.requests import Job
    from edgewright.core.jobs.results import Failure, Result
    from edgewright.core.measurement.rounds import Round, RoundKey
    from edgewright.core.model.facts import ModelFacts, SourceKind, Task, TensorShape
    from edgewright.core.recipe.allocation import Mixture
    from edgewright.core.recipe.artifact import Artifact, FileDigest, Manifest
    from edgewright.core.recipe.recipes import Option, Recipe
    from edgewright.core.recipe.space import Space
    from edgewright.core.run import Run, Trial
    from edgewright.reasons import Reason


class Backend(Protocol):
    """A framework as the parent sees it: declared capabilities, no heavy imports."""

    @property
    def name(self) -> str:
        """The framework's name, as used in recipes."""
        ...

    @property
    def worker(self) -> str:
        """The module that holds ``WORKER``, imported in the toolchain's environment only."""
        ...

    @property
    def toolchain(self) -> ToolchainSpec:
        """The environment that runs its builds; it refers to the environment that makes them, if that is a different one."""
        ...

    @property
    def code_digest(self) -> str:
        """A hash of the backend's own code and data; it is part of the key of its builds."""
        ...

    @property
    def tasks(self) -> frozenset[Task]:
        """The tasks that it supports."""
        ...

    @property
    def runs(self) -> frozenset[SourceKind]:
        """Kinds of originals whose files it runs directly, without conversion; the source made from such a file is checked with it."""
        ...

    @property
    def server(self) -> Server | None:
        """The runtime's own server that answers several requests at a time; None if it has none."""
        ...

    @property
    def timed_where(self) -> tuple[str, ...]:
        """Conditions on the host, as `HostFacts.meets` reads them, under which its speed is meaningful; empty: anywhere.

        Elsewhere its builds are made, compared with the original and scored, and timed only if they are asked for by name.
        """
        ...

    def recognizes(self, path: Path) -> bool:
        """Whether the file or directory is a model in this framework's own format, made by any tool."""
        ...

    def fit(self, facts: ModelFacts) -> Fit:
        """Whether it can build this model, with the reasons in words."""
        ...

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """Its candidates for this model; the first one, and only that one, is unquantized and made from the source."""
        ...

    def space(self, facts: ModelFacts) -> Space | None:
        """All builds that it can make of this model, for a search; None if there are only `recipes`."""
        ...

    def mixture(self, facts: ModelFacts) -> Mixture | None:
        """How it can set the type of each tensor; None if it cannot."""
        ...

    def accelerations(self, recipe: Recipe) -> tuple[Mapping[str, Option], ...]:
        """Runtime options worth trying on a finished build: each is added to the options of the recipe; all are optional."""
        ...


class JobRunner(Protocol):
    """Runs one job in a new process, in the half of a toolchain that the job needs."""

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
        """The job's result, or the failure. The child's stdout and stderr go to ``log``.

        A job that is ``alone`` waits until no other job of edgewright runs on the machine. Other jobs may run in parallel,
        in threads of one process.
        """
        ...

    def stop(self) -> None:
        """End the running jobs and start no other; their threads get a failure."""
        ...


class Toolchains(Protocol):
    """Environments of frameworks on this host."""

    def state(self, spec: ToolchainSpec) -> ToolchainState:
        """The state of a half of a toolchain; changes nothing."""
        ...

    def ensure(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Install a half and the half that it needs, if they are missing; the state has the reason if it is not ready."""
        ...

    def ahead(self, specs: Sequence[ToolchainSpec], tell: Tell) -> AbstractContextManager[None]:
        """Install these behind other work while the block runs, at rest while anything is timed; its end gives up what is left.

        `ensure` waits for one that was begun.
        """
        ...

    def verify(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Import its framework and do a small computation; changes nothing."""
        ...

    def remove(self, spec: ToolchainSpec, tell: Tell) -> int:
        """Delete it and return the number of bytes freed."""
        ...


class Store(Protocol):
    """Finished directories under keys. A directory in the store is always complete."""

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
        """Remove a finished directory, if there is one."""
        ...

    def building(self, kind: str, key: str) -> AbstractContextManager[Path]:
        """A path to build at. It is moved into the store at a normal exit, and removed at an exception.

        Two builders of the same key wait for each other.
        """
        ...


class Files(Protocol):
    """Access to finished directories: hashes, manifests, facts, tokenizers, records."""

    def seal(self, root: Path, unsealed: Manifest) -> None:
        """Write the manifest of a finished artifact, with the hashes and sizes of its files."""
        ...

    def artifact(self, root: Path) -> Artifact:
        """The artifact at ``root``, after its files were checked against its manifest.

        Raises:
            IntegrityError: they differ.
        """
        ...

    def digests(self, root: Path) -> tuple[FileDigest, ...]:
        """Every file below a directory by relative path, with its size and hash."""
        ...

    def tree_digest(self, root: Path) -> str:
        """One hash of a directory's content."""
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
        """Write a record as JSON, atomically."""
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
        """The prompt as a user's message in the model's chat template."""
        ...

    def chat_lack(self, prompt: str) -> str:
        """The reason why `chat` returns the prompt unchanged; empty if the template works."""
        ...

    def prefix_id(self) -> int:
        """The token that replaces an empty context."""
        ...

    def begin_ids(self) -> tuple[int, ...]:
        """Ids that the tokenizer's own rules add before a text."""
        ...

    def stop_ids(self) -> tuple[int, ...]:
        """Ids that end an answer."""
        ...


class Reporter(Protocol):
    """Receives the progress of a run, to show it to people."""

    def phase(self, text: str, *, left_s: float | None = None, because: Sequence[Reason] = ()) -> None:
        """A step begins; ``left_s`` is the estimated time until the run's end, ``because`` why it is done again."""
        ...

    def tell(self, progress: Progress) -> None:
        """Progress within a step."""
        ...

    def trial(self, trial: Trial) -> None:
        """A trial has new values."""
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
        """Finished rounds that were written under this plan key, by round key."""
        ...

    def add_round(self, key: RoundKey, finished: Round) -> None:
        """Append a finished round."""
        ...

    def note(self, event: str, **details: str | float | Reason | None) -> None:
        """Append another event to the history of the run."""
        ...

    def save(self, run: Run) -> None:
        """Replace ``run.json`` and the report."""
        ...
