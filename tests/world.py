"""A whole run on fakes: two frameworks, a baseline, and answers that a test can bend."""

from __future__ import annotations

from dataclasses import replace

from edgewright.app.optimize.pipeline import optimize
from edgewright.app.optimize.plan import plan
from edgewright.app.optimize.request import Confirmation, Request
from edgewright.app.steps.assess import assess
from edgewright.app.steps.prepare import prepare
from edgewright.core import knowledge
from edgewright.core.decision.policy import Policy
from edgewright.core.jobs.requests import BenchJob, BuildJob, ScoreJob, SourceOperation
from edgewright.core.jobs.results import BenchResult, ScoreResult
from edgewright.core.measurement.records import Pace, Workload
from edgewright.core.measurement.text import Text
from edgewright.core.model.facts import SourceKind
from edgewright.sites.local.store import DirectoryStore
from edgewright.testing import HOST as FAKE_HOST
from edgewright.testing import (
    FakeBackend,
    FakeFiles,
    FakeRunner,
    FakeToolchains,
    MemoryJournal,
    RecordingReporter,
    block,
    facts,
    fake_context,
    scores,
)

HOST = replace(FAKE_HOST, memory_bytes=8, available_memory_bytes=8, free_disk_bytes=8)
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
        self.context = fake_context(
            tmp_path,
            backends=self.backends,
            runner=self.runner,
            toolchains=self.toolchains,
            store=DirectoryStore(tmp_path / "store"),
            files=FakeFiles(source),
            reporter=self.reporter,
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
            self.context,
            SourceOperation.FROM_DIRECTORY,
            self.context.logs,
            name="m",
            reference="m",
            kind=SourceKind.DIRECTORY,
            fingerprint="f",
        )
        states = {name: self.toolchains.state(b.toolchain) for name, b in self.backends.items()}
        backends = list(self.backends.values())
        assessment = assess("m", facts(), host, knowledge.target(target), backends, states, context=64)
        planned = plan(assessment, backends, only=self.request.only, prunings=self.request.prunings)
        return optimize(self.context, self.journal, self.request, source, assessment, planned, key="k")


def by_id(run):
    return {trial.id: trial for trial in run.trials}
