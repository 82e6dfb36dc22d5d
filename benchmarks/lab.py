"""The demo's model, its builds, and the toolchains' own programs."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from edgewright.app.demo import demo_source
from edgewright.app.measure.rounds import on_ids
from edgewright.app.steps.bench import bench
from edgewright.app.steps.build import build
from edgewright.app.steps.score import score
from edgewright.cli.progress import TerminalReporter
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.data import Calibration
from edgewright.core.measurement.records import Block, Pace, Scores, Workload
from edgewright.core.model.facts import Source
from edgewright.core.recipe.artifact import Artifact
from edgewright.core.recipe.recipes import SCORING_RUNTIME, Option
from edgewright.environment import Environment
from edgewright.inputs.config import evaluation_text
from edgewright.ports import Context
from edgewright.ports.task import Subject
from edgewright.sites.local.children import child_environment, usable_cores
from edgewright.sites.local.home import Home
from edgewright.sites.local.locks import machine
from edgewright.tasks.text_generation.scoring import scoring_of

TWO_REQUESTS = Pace(least_s=0.0, least_requests=2, warmup_least=1, warmup_most=1, sentinel=False)
"""llama-bench's own way: one warm-up, then as many repetitions as it is told."""


class Lab:
    """Everything a comparison needs; toolchains are installed when first asked for."""

    def __init__(self) -> None:
        self.home = Home.from_environment()
        self.reporter = TerminalReporter()
        self.folder = Path(tempfile.mkdtemp(prefix="fidelity-"))
        self.context: Context = Environment(home=self.home).context(self.folder / "logs", self.reporter)
        self.threads = usable_cores()

    @cached_property
    def source(self) -> Source:
        """The model: SmolLM2-135M, taken off its quantization grid."""
        return demo_source(self.context)

    @cached_property
    def text(self) -> str:
        """Prose that every Python has; the parts that follow the demo's are as good as any."""
        return evaluation_text(None).content[:60_000]

    @cached_property
    def ids(self) -> tuple[int, ...]:
        """Its ids, no special tokens."""
        return tuple(self.context.files.tokenizer(Path(self.source.path)).encode(self.text))

    @cached_property
    def calibration(self) -> Calibration:
        """What follows the text, for builds that look at some."""
        text = evaluation_text(None).content[60_000:100_000]
        return Calibration(
            ids=tuple(self.context.files.tokenizer(Path(self.source.path)).encode(text)), text=text
        )

    def artifact(self, framework: str, name: str, source: Source | None = None) -> Artifact:
        """A build of the model (or of another source), from the store or made now."""
        source = source or self.source
        backend = self.context.backends[framework]
        state = self.context.toolchains.ensure(backend.toolchain.builder, self.reporter.tell)
        assert state.ready, state.reason  # noqa: S101  # a benchmark: nothing can be compared without
        recipes = {recipe.name: recipe for recipe in backend.recipes(source.facts)}
        recipe = recipes[name]
        base = self.artifact(framework, recipe.base, source) if recipe.base else None
        log = self.folder / "build.log"
        made = build(self.context, source, recipe, base, log, self.calibration)
        if isinstance(made, Failure):
            raise RuntimeError(made.reason)  # noqa: TRY004  # a reason, not a type
        return made

    def python(self, framework: str) -> Path:
        """A toolchain's Python, which sees what building needs."""
        state = self.context.toolchains.state(self.context.backend(framework).toolchain.builder)
        return Path(state.path) / "venv" / "bin" / "python"

    def program(self, framework: str, name: str) -> list[Path]:
        """A program that a toolchain's packages brought, by that Python: its first line names where it was installed from."""
        python = self.python(framework)
        return [python, python.with_name(name)]

    def root(self, framework: str) -> Path:
        """The directory of a toolchain's run half."""
        return Path(self.context.toolchains.state(self.context.backend(framework).toolchain).path)

    def toolchain_environment(self, framework: str) -> Mapping[str, str]:
        """The variables that a toolchain sets."""
        return self.context.toolchains.state(self.context.backend(framework).toolchain).environment

    def environment(self, framework: str) -> dict[str, str]:
        """The whole environment that a toolchain's workers run in."""
        return child_environment(self.toolchain_environment(framework))

    def run(self, command: Sequence[object], environment: Mapping[str, str]) -> str:
        """What another tool prints, alone on the machine.

        Raises:
            RuntimeError: it failed; the message ends with its last lines.
        """
        with machine(self.reporter.tell):
            answer = subprocess.run(
                [str(part) for part in command],
                env=dict(environment),
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=1800,
            )
        if answer.returncode:
            raise RuntimeError(f"{command[0]} failed: {(answer.stdout + answer.stderr)[-2000:]}")
        return answer.stdout + answer.stderr

    def scores(
        self,
        artifact: Artifact | None,
        ids: tuple[int, ...],
        context: int = 512,
        *,
        keep: bool = False,
        reference: Path | None = None,
        limit_s: float | None = None,
    ) -> tuple[Scores, Path]:
        """Our scores of a build, or of the original where none is given, beside kept log-probabilities where there are some."""
        backend = self.context.backend(artifact.recipe.framework) if artifact else self.context.reference
        answer = score(
            self.context,
            backend,
            scoring_of(
                ScoreJob(
                    worker=backend.worker,
                    artifact=artifact.path if artifact else self.source.path,
                    runtime=artifact.recipe.runtime if artifact else SCORING_RUNTIME,
                    ids=ids,
                    context=context,
                    limit_s=limit_s,
                )
            ),
            identity=artifact.manifest.key if artifact else self.source.digest,
            log=self.folder / "score.log",
            keep_reference=keep,
            reference=reference,
        )
        if isinstance(answer, Failure):
            raise RuntimeError(answer.reason)  # noqa: TRY004  # a reason, not a type
        return answer

    def block(
        self,
        path: str,
        framework: str,
        workload: Workload,
        pace: Pace = TWO_REQUESTS,
        runtime: Mapping[str, Option] | None = None,
    ) -> Block:
        """One timed block of ours."""
        answer = bench(
            self.context,
            self.context.backend(framework),
            on_ids(tuple(range(1, workload.prompt_tokens + 1)))(
                Subject(worker=self.context.backend(framework).worker, artifact=path, runtime=runtime or {}),
                workload,
                pace,
            ),
            self.folder / "bench.log",
        )
        if isinstance(answer, Failure):
            raise RuntimeError(answer.reason)  # noqa: TRY004  # a reason, not a type
        return answer
