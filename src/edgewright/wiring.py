"""The only place where concrete adapters are constructed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path

from edgewright import evaluators
from edgewright.backends.declared import load_toolchain
from edgewright.backends.llamacpp.backend import LlamaCppBackend
from edgewright.backends.mlx.backend import MlxBackend
from edgewright.backends.onnx.backend import OnnxBackend
from edgewright.backends.openvino.backend import OpenVinoBackend
from edgewright.backends.torch.backend import TorchBackend
from edgewright.core import knowledge
from edgewright.core.answers import Progress
from edgewright.core.toolchain import ToolchainSpec
from edgewright.ports import Backend, Reporter, Tell, Workshop
from edgewright.runtime.clock import SystemClock
from edgewright.runtime.files import LocalFiles
from edgewright.runtime.home import Home
from edgewright.runtime.probe import LocalProbe
from edgewright.runtime.runner import LocalRunner
from edgewright.runtime.store import DirectoryStore
from edgewright.runtime.toolchains import LocalToolchains

BACKENDS: tuple[Callable[[], Backend], ...] = (OpenVinoBackend, OnnxBackend, MlxBackend, LlamaCppBackend)
"""The frameworks that come with edgewright; others join by the entry point group ``edgewright.backends``."""

ENERGY_MODELS = ("codecarbon",)
"""Models that estimate energy where no counter is."""


def _silent(_: Progress) -> None:
    """Where nobody listens."""


@dataclass(frozen=True)
class Wiring:
    """Everything this machine offers."""

    offline: bool = False

    @cached_property
    def home(self) -> Home:
        """The cache home."""
        return Home.from_environment()

    @cached_property
    def reference(self) -> Backend:
        """The framework that runs originals."""
        return TorchBackend()

    @cached_property
    def backends(self) -> dict[str, Backend]:
        """The candidates' frameworks by name."""
        ours: list[Backend] = [make() for make in BACKENDS]
        theirs: list[Backend] = [point.load()() for point in entry_points(group="edgewright.backends")]
        return {backend.name: backend for backend in (*ours, *theirs)}

    @cached_property
    def toolchains(self) -> LocalToolchains:
        """Environments on this host."""
        return LocalToolchains(self.home, offline=self.offline)

    def store(self, tell: Tell = _silent) -> DirectoryStore:
        """Finished things; ``tell`` hears who is waited for."""
        return DirectoryStore(self.home.store, tell=tell)

    @cached_property
    def files(self) -> LocalFiles:
        """Digests, manifests, tokenizers."""
        return LocalFiles()

    @cached_property
    def clock(self) -> SystemClock:
        """This machine's clock."""
        return SystemClock()

    @cached_property
    def probe(self) -> LocalProbe:
        """Looks at this host."""
        return LocalProbe(self.home.root, offline=self.offline)

    @property
    def runner(self) -> LocalRunner:
        """Runs jobs here."""
        return LocalRunner(self.toolchains)

    @cached_property
    def lm_eval(self) -> ToolchainSpec:
        """The environment of lm-evaluation-harness, which no run needs."""
        return load_toolchain(Path(evaluators.__file__).parent / "lm_eval")

    @cached_property
    def energy_models(self) -> dict[str, ToolchainSpec]:
        """Models of power by name, each in an environment that no run needs."""
        folder = Path(evaluators.__file__).parent
        return {name: load_toolchain(folder / name) for name in ENERGY_MODELS}

    @property
    def optional(self) -> dict[str, ToolchainSpec]:
        """Toolchains by name that one command uses, and that are installed by name or by that command only."""
        return {self.lm_eval.name: self.lm_eval, **self.energy_models}

    def spec(self, name: str) -> ToolchainSpec:
        """One toolchain, the optional ones included.

        Raises:
            UsageError: there is none of that name.
        """
        return self.optional.get(name.replace("-", "_")) or self.backend(name).toolchain

    @property
    def specs(self) -> dict[str, ToolchainSpec]:
        """Every framework's toolchain by name, the reference first."""
        return {b.name: b.toolchain for b in (self.reference, *self.backends.values())}

    def backend(self, name: str) -> Backend:
        """A framework, the reference included.

        Raises:
            UsageError: there is none of that name.
        """
        known = {self.reference.name: self.reference, **self.backends}
        return known[knowledge.framework_name(name, known)]

    def workshop(self, reporter: Reporter, logs: Path) -> Workshop:
        """The ports that stages work with."""
        return Workshop(
            reference=self.reference,
            backends=self.backends,
            runner=self.runner,
            toolchains=self.toolchains,
            store=self.store(reporter.tell),
            files=self.files,
            reporter=reporter,
            clock=self.clock,
            logs=logs,
        )
