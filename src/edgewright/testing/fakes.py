"""Fakes that implement the ports for real, in memory or below a temporary directory; nothing is started or fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgewright.codec import dump, load
from edgewright.core.allocation import Mixture, WeightType
from edgewright.core.answers import (
    BenchResult,
    BuildResult,
    Failure,
    FailureKind,
    Progress,
    Result,
    ScoreResult,
    SensitivityResult,
    SourceResult,
    TokenizeResult,
)
from edgewright.core.artifact import MANIFEST_NAME, Artifact, Manifest
from edgewright.core.assessment import Fit
from edgewright.core.jobs import BenchJob, BuildJob, Job, ScoreJob, SensitivityJob, SourceJob, TokenizeJob
from edgewright.core.keys import digest
from edgewright.core.model import ModelFacts, TensorShape
from edgewright.core.recipe import Option, Precision, Recipe
from edgewright.core.rounds import Round
from edgewright.core.run import Run, Trial
from edgewright.core.sensitivity import Cost, Curve
from edgewright.core.toolchain import SystemSupport, ToolchainSpec, ToolchainState
from edgewright.ports import Tell
from edgewright.testing.samples import block, facts, scores


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

    def phase(self, text: str, *, left_s: float | None = None) -> None:
        """Keep it."""
        del left_s
        self.phases.append(text)

    def tell(self, progress: Progress) -> None:
        """Let it pass."""

    def trial(self, trial: Trial) -> None:
        """Keep it."""
        self.trials.append(trial)


class FakeBackend:
    """A framework that offers one unquantized and some quantized recipes."""

    def __init__(
        self,
        name: str,
        recipes: tuple[str, ...] = ("int8", "int4"),
        *,
        works: bool = True,
        options: tuple[Mapping[str, Option], ...] = (),
        types: tuple[WeightType, ...] = (),
        observed: bool = False,
    ) -> None:
        self.name = name
        self.worker = f"fake.{name}"
        self._recipes = recipes
        self._works = works
        self._options = options
        self._types = types
        self._observed = observed

    @property
    def toolchain(self) -> ToolchainSpec:
        """An environment that takes no time."""
        return ToolchainSpec(
            name=self.name,
            title=self.name,
            digest=digest(self.name),
            lock="numpy==2.0\npydantic==2.0\n",
            supports=(SystemSupport(system="Linux"),),
            unsupported_reason="",
            with_dependencies=(),
            disk_bytes=1,
            install_minutes=0.0,
            worker=self.worker,
        )

    @property
    def code_digest(self) -> str:
        """Constant."""
        return digest(["code", self.name])

    def recognizes(self, path: Path) -> bool:
        """A directory that holds a file of its name."""
        return (path / self.name).exists()

    def fit(self, facts: ModelFacts) -> Fit:
        """As told to the constructor, for Llama-like models."""
        works = self._works and facts.model_type == "llama"
        return Fit(framework=self.name, works=works, reasons=("it does" if works else "it does not",))

    def recipes(self, facts: ModelFacts) -> tuple[Recipe, ...]:
        """fp32 from the source, the others from fp32, or from what was observed of it on calibration text."""
        del facts
        first = Recipe(framework=self.name, name="fp32", precision=Precision.FP32, nominal_bits=32.0)
        observed = replace(first, name="observed", base="fp32", build={"calibrated": True}, auxiliary=True)
        rest = [
            Recipe(
                framework=self.name,
                name=name,
                precision=Precision(name),
                nominal_bits=float(name[3:]),
                base=observed.name if self._observed else first.name,
            )
            for name in self._recipes
        ]
        return (first, *([observed] if self._observed else []), *rest)

    def mixture(self, facts: ModelFacts) -> Mixture | None:
        """Of the types told to the constructor, if any."""
        del facts
        template = Recipe(
            framework=self.name, name="mixed", precision=Precision.INT4, nominal_bits=0.0, base="fp32"
        )
        if not self._types:
            return None
        return Mixture(template=template, types=self._types, shared_ends=True, unquantized_bits=0.0)

    def accelerations(self, recipe: Recipe) -> tuple[Mapping[str, Option], ...]:
        """As told to the constructor, for quantized recipes."""
        return () if recipe.precision.unquantized else self._options


Answer = Callable[[Job], "Result | Failure | None"]


class FakeRunner:
    """Answers every job at once and remembers them; ``answer`` may answer first (None: let the fake do it)."""

    def __init__(self, answer: Answer = lambda _: None) -> None:
        self.jobs: list[Job] = []
        self._answer = answer

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
        """A result for the job."""
        del toolchain, log, tell, timeout_s, alone
        self.jobs.append(job)
        return self._answer(job) or self._default(job)

    def stop(self) -> None:
        """Nothing runs for longer than a call."""

    def count(self, kind: type[Any]) -> int:
        """How many jobs of a kind were run."""
        return sum(isinstance(job, kind) for job in self.jobs)

    def _default(self, job: Job) -> Result | Failure:
        match job:
            case SourceJob():
                _write(Path(job.out), "model.safetensors")
                return SourceResult(notes=("made by a fake",))
            case BuildJob():
                _write(Path(job.out), "weights.bin")
                return BuildResult(weight_files=("weights.bin",), tools={"fake": "1"})
            case ScoreJob():
                if job.write_reference:
                    Path(job.write_reference).write_bytes(b"reference")
                return ScoreResult(scores=scores(0.0))
            case BenchJob():
                original = job.worker == "fake.torch"
                return BenchResult(block=block(10.0, peak_bytes=400_000_000) if original else block(100.0))
            case SensitivityJob():
                costs = tuple(Cost(bits=bits, kl=4.0**-bits) for bits in job.bits)
                return SensitivityResult(curves=tuple(Curve(group=g, costs=costs) for g in job.groups))
            case TokenizeJob():
                return TokenizeResult(ids=tuple(tuple(text.encode()) for text in job.texts))
            case _:
                return Failure(failure=FailureKind.FAILED, reason=f"the fake has no answer to {job.kind}")


def _write(directory: Path, name: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(b"x" * 1000)


@dataclass
class FakeToolchains:
    """Every environment is ready, except those named in ``missing`` with their reason."""

    missing: dict[str, str] = field(default_factory=dict)

    def state(self, spec: ToolchainSpec) -> ToolchainState:
        """Ready or missing."""
        reason = self.missing.get(spec.name, "")
        return ToolchainState(
            name=spec.name, ready=not reason, supported=True, installed=not reason, reason=reason
        )

    def ensure(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """As `state`."""
        del tell
        return self.state(spec)


class FakeTokenizer:
    """Bytes are tokens."""

    def encode(self, text: str) -> list[int]:
        """UTF-8 bytes."""
        return list(text.encode())

    def decode(self, ids: list[int]) -> str:
        """Back from bytes."""
        return bytes(ids).decode()

    def chat(self, prompt: str) -> str:
        """A turn between angle brackets."""
        return f"<user>{prompt}</user>"

    def stop_ids(self) -> tuple[int, ...]:
        """The zero byte."""
        return (0,)


class FakeFiles:
    """Manifests without digests, constant facts, byte tokens."""

    def seal(self, root: Path, unsealed: Manifest) -> None:
        """Write it as it is."""
        (root / MANIFEST_NAME).write_bytes(dump(replace(unsealed, size_bytes=unsealed.weight_bytes)))

    def artifact(self, root: Path) -> Artifact:
        """Read it back."""
        return Artifact(path=str(root), manifest=load(Manifest, (root / MANIFEST_NAME).read_bytes()))

    def tree_digest(self, root: Path) -> str:
        """Of the names only."""
        return digest(sorted(path.name for path in root.iterdir()))

    def facts(self, source: Path) -> ModelFacts:
        """Constant."""
        del source
        return facts()

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
        self.kept: dict[str, Round] = {}
        self.events: list[str] = []
        self.saved: list[Run] = []

    def rounds(self, key: str) -> dict[str, Round]:
        """All of them, whatever the key."""
        del key
        return dict(self.kept)

    def add_round(self, name: str, finished: Round) -> None:
        """Keep it."""
        self.kept[name] = finished

    def note(self, event: str, **details: str | float | None) -> None:
        """Keep its name."""
        del details
        self.events.append(event)

    def save(self, run: Run) -> None:
        """Keep it."""
        self.saved.append(run)
