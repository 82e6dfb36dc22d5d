"""Fakes that implement the ports for real, in memory or below a temporary directory; nothing is started or fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgewright.codec import dump
from edgewright.core.device.toolchain import ToolchainSpec, ToolchainState
from edgewright.core.jobs.results import Progress
from edgewright.core.keys import digest
from edgewright.core.measurement.rounds import Round, RoundKey
from edgewright.core.model.facts import ModelFacts, TensorShape
from edgewright.core.recipe.artifact import MANIFEST_NAME, Artifact, FileDigest, Manifest
from edgewright.core.run import Run, Trial
from edgewright.formats import load
from edgewright.ports import Tell
from edgewright.reasons import Reason
from edgewright.testing.samples import facts


class FakeClock:
    """Time that passes one second a look."""

    def __init__(self) -> None:
        self._now = 1_000_000.0

    def now_s(self) -> float:
        """Seconds since the epoch."""
        self._now += 1.0
        return self._now

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return self.now_s()


class RecordingReporter:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.trials: list[Trial] = []

    def phase(self, text: str, *, left_s: float | None = None, because: Sequence[Reason] = ()) -> None:
        """Keep it."""
        del left_s, because
        self.phases.append(text)

    def tell(self, progress: Progress) -> None:
        """Let it pass."""

    def trial(self, trial: Trial) -> None:
        """Keep it."""
        self.trials.append(trial)


@dataclass
class FakeToolchains:
    """Every environment is ready, except those named in ``missing`` with their reason."""

    missing: dict[str, str] = field(default_factory=dict)

    def state(self, spec: ToolchainSpec) -> ToolchainState:
        """Ready or missing."""
        reason = self.missing.get(spec.name, "")
        return ToolchainState(
            name=spec.name,
            title=spec.title,
            ready=not reason,
            supported=True,
            installed=not reason,
            reason=reason,
        )

    def ensure(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """As `state`."""
        del tell
        return self.state(spec)

    @contextmanager
    def ahead(self, specs: Sequence[ToolchainSpec], tell: Tell) -> Iterator[None]:
        """Nothing takes time here."""
        del specs, tell
        yield

    def verify(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """As `state`."""
        return self.ensure(spec, tell)

    def remove(self, spec: ToolchainSpec, tell: Tell) -> int:
        """Missing from now on."""
        del tell
        self.missing[spec.name] = "not installed"
        return 0


class FakeTokenizer:
    """Bytes are tokens."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """UTF-8 bytes."""
        del special
        return list(text.encode())

    def decode(self, ids: list[int]) -> str:
        """Back from bytes."""
        return bytes(ids).decode()

    def chat(self, prompt: str) -> str:
        """A turn between angle brackets."""
        return f"<user>{prompt}</user>"

    def chat_lack(self, prompt: str) -> str:
        """Nothing is lacking."""
        del prompt
        return ""

    def prefix_id(self) -> int:
        """The zero byte."""
        return 0

    def begin_ids(self) -> tuple[int, ...]:
        """Nothing."""
        return ()

    def stop_ids(self) -> tuple[int, ...]:
        """The zero byte."""
        return (0,)


class FakeFiles:
    """Manifests without digests, constant facts, byte tokens."""

    def __init__(self, known: ModelFacts | None = None) -> None:
        self._known = known or facts()

    def seal(self, root: Path, unsealed: Manifest) -> None:
        """Write it as it is."""
        (root / MANIFEST_NAME).write_bytes(dump(replace(unsealed, size_bytes=unsealed.weight_bytes)))

    def artifact(self, root: Path) -> Artifact:
        """Read it back."""
        return Artifact(path=str(root), manifest=load(Manifest, (root / MANIFEST_NAME).read_bytes()))

    def digests(self, root: Path) -> tuple[FileDigest, ...]:
        """Sizes, and the names in place of hashes."""
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return tuple(
            FileDigest(
                path=path.relative_to(root).as_posix(),
                size_bytes=path.stat().st_size,
                sha256=digest(path.name),
            )
            for path in files
        )

    def tree_digest(self, root: Path) -> str:
        """Of the names only."""
        return digest(sorted(path.name for path in root.iterdir()))

    def facts(self, source: Path) -> ModelFacts:
        """Constant."""
        del source
        return self._known

    def tensors(self, source: Path) -> list[TensorShape]:
        """One matrix in each of two layers, and a tied embedding."""
        del source
        names = ("model.embed_tokens", *(f"model.layers.{layer}.mlp.up_proj" for layer in range(2)))
        return [
            TensorShape(name=f"{name}.weight", shape=(64, 32), dtype="f32", stored_bytes=8192)
            for name in names
        ]

    def tokenizer(self, source: Path) -> FakeTokenizer:
        """Byte tokens."""
        del source
        return FakeTokenizer()

    def write(self, path: Path, record: object) -> None:
        """As JSON."""
        path.write_bytes(dump(record))

    def read(self, path: Path, kind: type[Any]) -> Any:
        """From JSON."""
        return load(kind, path.read_bytes())


class MemoryJournal:
    """A journal that outlives the run that wrote it, as a file would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: dict[RoundKey, Round] = {}
        self.events: list[str] = []
        self.saved: list[Run] = []

    def rounds(self, key: str) -> dict[RoundKey, Round]:
        """All of them, whatever the key."""
        del key
        return dict(self.kept)

    def add_round(self, key: RoundKey, finished: Round) -> None:
        """Keep it."""
        self.kept[key] = finished

    def note(self, event: str, **details: str | float | Reason | None) -> None:
        """Keep its name."""
        del details
        self.events.append(event)

    def save(self, run: Run) -> None:
        """Keep it."""
        self.saved.append(run)
