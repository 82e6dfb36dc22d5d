"""The only place where concrete adapters are constructed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path

from edgewright import __version__, evaluators
from edgewright.backends.declared import load_toolchain
from edgewright.backends.llamacpp.backend import LlamaCppBackend
from edgewright.backends.mlx.backend import MlxBackend
from edgewright.backends.onnx.backend import OnnxBackend
from edgewright.backends.openvino.backend import OpenVinoBackend
from edgewright.backends.torch.backend import TorchBackend
from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.measurement.quantity import add_metrics
from edgewright.core.model.facts import Task
from edgewright.inputs.files import LocalFiles
from edgewright.packagers.huggingface import HuggingFace
from edgewright.packagers.oci import Oci
from edgewright.packagers.plain import plain_packagers
from edgewright.ports import Backend, Clock, Context, Files, Quiet, Reporter, Runs, Site
from edgewright.ports.packager import Packager
from edgewright.ports.registry import Registry
from edgewright.ports.task import TaskProfile
from edgewright.report.html import draw
from edgewright.report.package import readme
from edgewright.sites.local.clock import SystemClock
from edgewright.sites.local.home import Home
from edgewright.sites.local.runs import LocalRuns
from edgewright.sites.local.site import LocalSite
from edgewright.tasks.text_generation.profile import TextGeneration

BACKENDS: tuple[Callable[[], Backend], ...] = (OpenVinoBackend, OnnxBackend, MlxBackend, LlamaCppBackend)
"""The frameworks that come with edgewright; others join by the entry point group ``edgewright.backends``."""

PACKAGERS: tuple[Packager, ...] = (*plain_packagers(), HuggingFace(), Oci())
"""The kinds of packages that come with edgewright; others join by the entry point group ``edgewright.packagers``."""

TASKS: tuple[Callable[[], TaskProfile], ...] = (TextGeneration,)
"""The tasks that come with edgewright; others join by the entry point group ``edgewright.tasks``."""

HARNESS = "lm_eval"
ENERGY_MODELS = ("codecarbon",)
"""Models that estimate energy where no counter is."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Everything that use cases are given, made here from adapters. A test replaces parts of it by its own."""

    home: Home = field(default_factory=Home.from_environment)
    offline: bool = False

    @cached_property
    def site(self) -> Site:
        """Where jobs run: this machine."""
        return LocalSite(home=self.home, offline=self.offline)

    @cached_property
    def reference(self) -> Backend:
        """The framework that runs originals."""
        return TorchBackend()

    @cached_property
    def backends(self) -> Mapping[str, Backend]:
        """The candidates' frameworks by name."""
        ours: list[Backend] = [make() for make in BACKENDS]
        theirs: list[Backend] = [point.load()() for point in entry_points(group="edgewright.backends")]
        return {backend.name: backend for backend in (*ours, *theirs)}

    @cached_property
    def tasks(self) -> Mapping[Task, TaskProfile]:
        """The tasks that models are optimized for; their metrics are known from now on."""
        ours: list[TaskProfile] = [make() for make in TASKS]
        theirs: list[TaskProfile] = [point.load()() for point in entry_points(group="edgewright.tasks")]
        for task in (*ours, *theirs):
            add_metrics(task.metrics)
        return {task.kind: task for task in (*ours, *theirs)}

    @cached_property
    def registry(self) -> Registry:
        """Registries of artifacts, wherever they are."""
        from edgewright.registries.oci import OciRegistry  # noqa: PLC0415  # an HTTP client, for two commands only

        return OciRegistry()

    @cached_property
    def packagers(self) -> Mapping[str, Packager]:
        """The kinds of packages by name."""
        theirs: list[Packager] = [point.load()() for point in entry_points(group="edgewright.packagers")]
        return {packager.kind: packager for packager in (*PACKAGERS, *theirs)}

    @cached_property
    def evaluators(self) -> Mapping[str, ToolchainSpec]:
        """Programs of others that judge builds; no run needs them, and a command that does installs them."""
        return {name: _evaluator(name) for name in (HARNESS, *ENERGY_MODELS)}

    @cached_property
    def files(self) -> Files:
        """Digests, manifests, tokenizers."""
        return LocalFiles()

    @cached_property
    def clock(self) -> Clock:
        """This machine's clock."""
        return SystemClock()

    @cached_property
    def runs(self) -> Runs:
        """Directories of runs."""
        return LocalRuns(self.clock, draw)

    def context(self, logs: str | Path, reporter: Reporter | None = None) -> Context:
        """The ports of a use case. ``logs`` is a directory, or a name for one in the cache home."""
        listener = reporter or Quiet()
        return Context(
            reference=self.reference,
            backends=self.backends,
            tasks=self.tasks,
            packagers=self.packagers,
            registry=self.registry,
            readme=readme,
            evaluators=self.evaluators,
            energy_models={name: self.evaluators[name] for name in ENERGY_MODELS},
            runner=self.site.runner,
            toolchains=self.site.toolchains,
            store=self.site.store(listener.tell),
            probe=self.site.probe,
            sessions=self.site.sessions,
            files=self.files,
            runs=self.runs,
            reporter=listener,
            clock=self.clock,
            logs=logs if isinstance(logs, Path) else self.home.root / "logs" / logs,
            downloads=self.home.downloads,
            version=__version__,
            offline=self.offline,
        )


def _evaluator(name: str) -> ToolchainSpec:
    return load_toolchain(Path(evaluators.__file__).parent / name)
