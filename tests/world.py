"""A whole run on fakes: two frameworks, a baseline, and answers that a test can bend."""

from __future__ import annotations

from edgewright.core import knowledge
from edgewright.core.answers import BenchResult, ScoreResult
from edgewright.core.host import Cpu, HostFacts, Power
from edgewright.core.jobs import BenchJob, BuildJob, ScoreJob, SourceOperation
from edgewright.core.measurement import Pace, Workload
from edgewright.core.model import SourceKind
from edgewright.core.policy import Policy
from edgewright.core.text import Text
from edgewright.pipeline.optimize import optimize
from edgewright.pipeline.request import Confirmation, Request
from edgewright.ports import Workshop
from edgewright.runtime.store import DirectoryStore
from edgewright.stages.assess import assess
from edgewright.stages.plan import plan
from edgewright.stages.prepare import prepare
from edgewright.testing import (
    FakeBackend,
    FakeClock,
    FakeFiles,
    FakeRunner,
    FakeToolchains,
    MemoryJournal,
    RecordingReporter,
    block,
    facts,
    scores,
)

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
    memory_bytes=8,
    available_memory_bytes=8,
    swap_used_bytes=0,
    free_disk_bytes=8,
    accelerators=(),
    power=Power(on_mains=None, battery_percent=None),
    online=False,
    virtualization="none",
)
TEXT = Text(name="text", content=" ".join(f"fox {n} jumps" for n in range(60)), sha256="s")
HELD_OUT = 100
"""Held-out tokens: no other text that is scored has as many."""
REQUEST = Request(
    text=TEXT,
    policy=Policy(),
    tokens=200,
    context=50,
    workload=Workload(prompt_tokens=50),
    confirmation=Confirmation(rounds=(4, 6), tokens=(HELD_OUT,), pace=Pace(least_requests=7)),
)


def is_held_out(job):
    return isinstance(job, ScoreJob) and len(job.ids) == HELD_OUT and not job.write_reference


def is_confirming(job):
    return isinstance(job, BenchJob) and job.pace.least_requests == 7


def honest(job):
    """A world in which int8 is a little lossy and int4 very."""
    if isinstance(job, ScoreJob) and not job.write_reference:
        kind = job.artifact
        for name, made in (("int4", scores(0.5, right=0.40)), ("int8", scores(0.01, right=0.495))):
            if name in RECIPE_OF.get(kind, ""):
                return ScoreResult(scores=made)
    if isinstance(job, BenchJob) and RECIPE_OF.get(job.artifact) == "fp32":
        return BenchResult(block=block(15.0, peak_bytes=300_000_000))
    return None


RECIPE_OF: dict[str, str] = {}


class World:
    def __init__(
        self,
        tmp_path,
        *,
        answer=honest,
        missing=None,
        backends=("openvino", "llamacpp"),
        request=None,
        options=(),
        types=(),
        observed=False,
        space=None,
        source=None,
    ):
        self.runner = FakeRunner(lambda job: self._answer(job, answer))
        self.reporter = RecordingReporter()
        self.backends = {
            name: FakeBackend(
                name, options=options, types=types, observed=observed, space=space and space(name)
            )
            for name in backends
        }
        self.toolchains = FakeToolchains(missing or {})
        self.shop = Workshop(
            reference=FakeBackend("torch"),
            backends=self.backends,
            runner=self.runner,
            toolchains=self.toolchains,
            store=DirectoryStore(tmp_path / "store"),
            files=FakeFiles(source),
            reporter=self.reporter,
            clock=FakeClock(),
            logs=tmp_path / "logs",
        )
        self.journal = MemoryJournal(tmp_path)
        self.request = request or REQUEST

    def _answer(self, job, answer):
        if isinstance(job, BuildJob):
            final = job.out.replace(".draft", "").replace("/.", "/")
            RECIPE_OF[final] = job.recipe.name
        return answer(job)

    def run(self, target="this-machine", host=HOST):
        source = prepare(
            self.shop,
            SourceOperation.FROM_DIRECTORY,
            self.shop.logs,
            name="m",
            said="m",
            kind=SourceKind.DIRECTORY,
            fingerprint="f",
        )
        states = {name: self.toolchains.state(b.toolchain) for name, b in self.backends.items()}
        backends = list(self.backends.values())
        assessment = assess("m", facts(), host, knowledge.target(target), backends, states, context=64)
        planned = plan(assessment, backends, only=self.request.only, prunings=self.request.prunings)
        return optimize(
            self.shop, self.journal, self.request, source, assessment, planned, version="0", key="k"
        )


def by_id(run):
    return {trial.id: trial for trial in run.trials}
