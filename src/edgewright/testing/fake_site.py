"""Fakes of a site and of runs' directories, and a context made of fakes: nothing is started or fetched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgewright.codec import dump
from edgewright.core.device.host import Cpu, HostFacts, Power
from edgewright.core.device.server import Load, Server
from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.jobs.conversation import Question, Reply
from edgewright.core.jobs.harness import HarnessJob
from edgewright.core.jobs.requests import SessionJob
from edgewright.core.jobs.results import Failure, FailureKind, Result
from edgewright.core.measurement.likelihood import Likelihood, Pair
from edgewright.core.model.facts import Task
from edgewright.core.recipe.artifact import MANIFEST_NAME, Artifact, Selection
from edgewright.core.release.reference import Reference
from edgewright.core.run import Run
from edgewright.errors import InputError, UsageError
from edgewright.ports import Context, Tell
from edgewright.tasks.text_generation.profile import TextGeneration
from edgewright.testing.fake_frameworks import FakeBackend, FakeRunner
from edgewright.testing.fakes import FakeClock, FakeFiles, FakeToolchains, MemoryJournal, RecordingReporter

HOST = HostFacts(
    device_id="d",
    system="Linux",
    release="6",
    python="3.11",
    cpu=Cpu(
        model="a processor",
        architecture="x86_64",
        vendor="GenuineIntel",
        physical_cores=2,
        logical_cores=2,
        usable_cores=2,
        features=("AVX2",),
    ),
    memory_bytes=8_000_000_000,
    available_memory_bytes=8_000_000_000,
    swap_used_bytes=0,
    free_disk_bytes=80_000_000_000,
    accelerators=(),
    power=Power(on_mains=None, battery_percent=None),
    online=False,
    virtualization="none",
)
"""A quiet host of two cores."""


@dataclass(frozen=True)
class FakeProbe:
    """A host that never changes."""

    facts: HostFacts = HOST

    def host(self, *, brief: bool = False) -> HostFacts:
        """As it was given."""
        del brief
        return self.facts

    def usable_cores(self) -> int:
        """As the facts say."""
        return self.facts.cpu.usable_cores


@dataclass
class FakeSession:
    """Counts up from the last id; ``closed`` tells whether it was closed."""

    closed: bool = False
    told: int = 0

    def stream(self, ids: Sequence[int], tokens: int, stop: Sequence[int] = ()) -> Iterator[int]:
        """The ids that follow."""
        for token in range(ids[-1] + 1, ids[-1] + 1 + tokens):
            self.told += 1
            yield token
            if token in stop:
                return

    def likelihoods(self, pairs: Sequence[Pair]) -> tuple[Likelihood, ...]:
        """One nat less for each id of the continuation."""
        return tuple(Likelihood(total=-float(len(rest)), greedy=False) for _, rest in pairs)

    def close(self) -> None:
        """Remember it."""
        self.closed = True


@dataclass
class FakeServer:
    """A server that nobody can reach."""

    url: str = "http://127.0.0.1:1"
    secret: str = ""
    alive: bool = True

    def close(self) -> None:
        """Remember it."""
        self.alive = False


@dataclass
class FakeSessions:
    """Opens fake sessions; a harness never answers."""

    opened: list[SessionJob] = field(default_factory=list)

    def open(self, toolchain: ToolchainSpec, job: SessionJob, log: Path) -> FakeSession:
        """A session that is open at once."""
        del toolchain, log
        self.opened.append(job)
        return FakeSession()

    def serve(
        self,
        toolchain: ToolchainSpec,
        server: Server,
        build: Path,
        load: Load,
        log: Path,
        *,
        timeout_s: float = 300.0,
    ) -> FakeServer:
        """A server that is ready at once."""
        del toolchain, server, build, load, log, timeout_s
        return FakeServer()

    def converse(
        self,
        toolchain: ToolchainSpec,
        job: HarnessJob,
        answer: Callable[[Question], Reply],
        *,
        variables: Mapping[str, str],
        log: Path,
        tell: Tell,
        timeout_s: float,
    ) -> Result | Failure:
        """Fail: there is no harness."""
        del toolchain, job, answer, variables, tell, timeout_s
        return Failure(failure=FailureKind.FAILED, reason="There is no harness.", log=str(log))

    def alone(self, tell: Tell) -> AbstractContextManager[None]:
        """At once."""
        del tell
        return nullcontext()


@dataclass
class FakeRegistry:
    """Layouts in memory, by reference."""

    kept: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def push(self, layout: Path, reference: Reference, tell: Tell) -> str:
        """Keep every file of it."""
        del tell
        files = {str(f.relative_to(layout)): f.read_bytes() for f in layout.rglob("*") if f.is_file()}
        self.kept[str(reference)] = files
        digest: str = json.loads(files["index.json"])["manifests"][0]["digest"]
        return digest

    def pull(self, reference: Reference, layout: Path, tell: Tell) -> str:
        """Write them again."""
        del tell
        if str(reference) not in self.kept:
            raise UsageError(f"There is no {reference} in the registry.")
        for name, data in self.kept[str(reference)].items():
            (layout / name).parent.mkdir(parents=True, exist_ok=True)
            (layout / name).write_bytes(data)
        digest: str = json.loads(self.kept[str(reference)]["index.json"])["manifests"][0]["digest"]
        return digest


class FolderStore:
    """A store below a directory, without locks."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """The directory."""
        return self._root

    def receive(self, kind: str, key: str, source: Path) -> Path:
        """Copy it."""
        if self.find(kind, key) is None:
            shutil.copytree(source, self._root / kind / key)
        return self._root / kind / key

    def find(self, kind: str, key: str) -> Path | None:
        """The directory, if it is there."""
        path = self._root / kind / key
        return path if path.is_dir() else None

    def every(self, kind: str) -> Iterator[Path]:
        """All of a kind."""
        shelf = self._root / kind
        yield from (path for path in sorted(shelf.glob("*")) if not path.name.startswith("."))

    def remove(self, kind: str, key: str) -> None:
        """Delete it."""
        shutil.rmtree(self._root / kind / key, ignore_errors=True)

    @contextmanager
    def building(self, kind: str, key: str) -> Iterator[Path]:
        """Rename on a clean exit."""
        draft = self._root / kind / f".{key}.draft"
        draft.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            draft.rename(self._root / kind / key)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@dataclass
class FakeRuns:
    """Runs in memory, by directory; exports are directories with a manifest."""

    kept: dict[Path, MemoryJournal] = field(default_factory=dict)

    def hold(self, path: Path) -> AbstractContextManager[Path]:
        """Nobody else is there."""
        return nullcontext(path)

    def exists(self, path: Path) -> bool:
        """Whether a record was saved."""
        return path.resolve() in self.kept and bool(self.kept[path.resolve()].saved)

    def read(self, path: Path) -> Run:
        """The last record."""
        if not self.exists(path):
            raise InputError(f"There is no run at {path}.")
        return self.kept[path.resolve()].saved[-1]

    def journal(self, path: Path, key: str) -> MemoryJournal:
        """The same for the same directory."""
        del key
        return self.kept.setdefault(path.resolve(), MemoryJournal(path.resolve()))

    def export(self, artifact: Artifact, selected: Selection, path: Path) -> Path:
        """The manifest alone."""
        place = path / "best"
        place.mkdir(parents=True, exist_ok=True)
        (place / MANIFEST_NAME).write_bytes(dump(replace(artifact.manifest, selected=selected)))
        return place

    def exported(self, path: Path) -> Path | None:
        """Where `export` wrote."""
        place = path / "best"
        return place if place.is_dir() else None

    def remove_export(self, path: Path) -> None:
        """Delete it."""
        shutil.rmtree(path / "best", ignore_errors=True)


def fake_context(root: Path, **parts: Any) -> Context:
    """A context below ``root`` made of fakes; ``parts`` replace some of them."""
    made: dict[str, Any] = {
        "reference": FakeBackend("torch"),
        "backends": {},
        "runner": FakeRunner(lambda _: None),
        "toolchains": FakeToolchains(),
        "store": FolderStore(root / "store"),
        "files": FakeFiles(),
        "reporter": RecordingReporter(),
        "clock": FakeClock(),
        "logs": root / "logs",
        "probe": FakeProbe(),
        "sessions": FakeSessions(),
        "runs": FakeRuns(),
        "downloads": root / "downloads",
        "version": "0",
        "registry": FakeRegistry(),
        "packagers": {},
        "readme": lambda package, packager: f"# {package.name}\n\n{packager.usage(package)}\n",
        "tasks": {Task.TEXT_GENERATION: TextGeneration()},
    }
    context = Context(**{**made, **parts})
    if isinstance(context.runner, FakeRunner):
        context.runner.store = context.store.root
    return context
