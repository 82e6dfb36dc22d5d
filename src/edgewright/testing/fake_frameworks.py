"""Frameworks that build nothing and answer at once: a backend's parent half, and the runner of its jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from edgewright.core.decision.assessment import Fit
from edgewright.core.device.server import Server
from edgewright.core.device.toolchain import SystemSupport, ToolchainSpec
from edgewright.core.jobs.content import located, translated
from edgewright.core.jobs.requests import (
    BenchJob,
    BuildJob,
    Job,
    ScoreJob,
    SensitivityJob,
    SourceJob,
    TokenizeJob,
)
from edgewright.core.jobs.results import (
    BenchResult,
    BuildResult,
    Failure,
    FailureKind,
    Result,
    ScoreResult,
    SensitivityResult,
    SourceResult,
    TokenizeResult,
)
from edgewright.core.keys import digest
from edgewright.core.model.facts import ModelFacts, SourceKind, Task
from edgewright.core.recipe.allocation import Mixture, WeightType
from edgewright.core.recipe.recipes import Option, Precision, Recipe
from edgewright.core.recipe.sensitivity import Cost, Curve
from edgewright.core.recipe.space import Space
from edgewright.ports import Tell
from edgewright.testing.samples import block, scores

_LOCK = "".join(
    f"{name}==2.0 \\\n    --hash=sha256:{digest(name)[:64]:0<64}\n" for name in ("numpy", "pydantic")
)


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
        space: Space | None = None,
        timed_where: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.server: Server | None = None
        self.timed_where = timed_where
        self.worker = f"fake.{name}"
        self._recipes = recipes
        self._works = works
        self._options = options
        self._types = types
        self._observed = observed
        self._space = space

    @property
    def toolchain(self) -> ToolchainSpec:
        """An environment that takes no time."""
        return ToolchainSpec(
            name=self.name,
            title=self.name,
            digest=digest(self.name),
            lock=_LOCK,
            supports=(SystemSupport(system="Linux"),),
            unsupported_reason="",
            disk_bytes=1,
            install_minutes=0.0,
            worker=self.worker,
        )

    tasks: frozenset[Task] = frozenset({Task.TEXT_GENERATION})
    runs: frozenset[SourceKind] = frozenset()

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

    def space(self, facts: ModelFacts) -> Space | None:
        """As told to the constructor."""
        del facts
        return self._space

    def mixture(self, facts: ModelFacts) -> Mixture | None:
        """Of the types told to the constructor, if any."""
        del facts
        template = Recipe(
            framework=self.name, name="mixed", precision=Precision.INT4, nominal_bits=0.0, base="fp32"
        )
        if not self._types:
            return None
        return Mixture(template=template, types=self._types, shared_ends=True, unquantized_bits=32.0)

    def accelerations(self, recipe: Recipe) -> tuple[Mapping[str, Option], ...]:
        """As told to the constructor, for quantized recipes."""
        return () if recipe.precision.unquantized else self._options


_BYTES_A_BIT = 768
"""The fakes' model has 6,144 weights in matrices."""

Answer = Callable[[Job], "Result | Failure | None"]


class FakeRunner:
    """Answers every job at once and remembers them; ``answer`` may answer first (None: let the fake do it).

    Content that a job names is found below ``store``.
    """

    def __init__(self, answer: Answer = lambda _: None) -> None:
        self.jobs: list[Job] = []
        self.store: Path | None = None
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
        if self.store is not None:
            job = translated(job, partial(located, root=str(self.store)))
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
                _write(Path(job.out), "model.safetensors", 1000)
                return SourceResult(notes=("made by a fake",))
            case BuildJob():
                _write(Path(job.out), "weights.bin", round(_BYTES_A_BIT * (job.recipe.nominal_bits or 8.0)))
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


def _write(directory: Path, name: str, size: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(b"x" * size)
