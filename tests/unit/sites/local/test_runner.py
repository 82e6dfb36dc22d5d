import io
import os
from dataclasses import replace

import pytest

from edgewright.codec import dump
from edgewright.core.device.toolchain import Half, ToolchainState
from edgewright.core.jobs.requests import SourceJob, SourceOperation, TokenizeJob
from edgewright.core.jobs.results import Failure, FailureKind, Progress
from edgewright.sites.local.children import Child, beats
from edgewright.sites.local.runner import LocalRunner, await_event
from edgewright.testing import FakeBackend


@pytest.fixture
def worker():
    """A child that is nothing but its two pipes."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as events, os.fdopen(writing, "wb", buffering=0) as sink:
        yield Child(process=None, requests=io.BytesIO(), events=events), sink


def test_a_silent_worker_is_said_to_be_at_work_until_its_time_is_up(worker, tmp_path):
    child, _ = worker
    told = []
    result = await_event(
        None, beats(child.events, 0.01), told.append, 0.1, tmp_path / "log", heartbeat_s=0.01
    )
    assert isinstance(result, Failure)
    assert result.failure is FailureKind.TIMED_OUT
    assert told
    assert all(progress.message.startswith("still working") for progress in told)


def test_progress_is_passed_on_and_a_failure_names_the_log(worker, tmp_path):
    child, sink = worker
    step = Progress(message="half", fraction=0.5)
    for event in (step, Failure(failure=FailureKind.FAILED, reason="no")):
        sink.write(dump(event) + b"\n")
    told = []
    result = await_event(None, beats(child.events, 5.0), told.append, 60.0, tmp_path / "log")
    assert result == Failure(failure=FailureKind.FAILED, reason="no", log=str(tmp_path / "log"))
    assert told == [step]


class Recording:
    """Toolchains that are not there, and remember which halves were asked for."""

    def __init__(self):
        self.asked = []

    def state(self, spec):
        self.asked.append(spec.half)
        return ToolchainState(name=spec.full_name, ready=False, supported=True, installed=False)


@pytest.mark.parametrize(
    ("job", "half"),
    [
        (TokenizeJob(worker="w", artifact="a", texts=()), Half.RUN),
        (SourceJob(worker="w", operation=SourceOperation.TINY, origin="o", out="x"), Half.BUILD),
    ],
)
def test_a_job_runs_in_the_half_that_it_needs(job, half, tmp_path):
    run = FakeBackend("fake").toolchain
    whole = replace(run, makes=replace(run, half=Half.BUILD, needs=run))
    toolchains = Recording()
    LocalRunner(toolchains, tmp_path).run(
        whole, job, log=tmp_path / "log", tell=lambda _: None, timeout_s=1.0
    )
    assert toolchains.asked == [half]
