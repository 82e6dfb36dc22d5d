from dataclasses import replace

import pytest

from edgewright.app.steps.estimate import estimate
from edgewright.core.jobs.requests import EstimateJob
from edgewright.core.jobs.results import EstimateResult, Failure, FailureKind
from edgewright.core.measurement.energy import Energy, EnergySource, no_energy
from edgewright.testing import (
    FakeBackend,
    FakeRunner,
    block,
    fake_context,
)

MODEL = FakeBackend("model").toolchain
GUESS = Energy(source=EnergySource.MODEL, scope="a model", joules=12.0, seconds=30.0)
COUNTED = Energy(source=EnergySource.COUNTER, scope="RAPL", joules=9.0, seconds=30.0)


@pytest.fixture
def ask(tmp_path):
    """Runs the stage on fakes; ``ask.runner`` remembers the jobs."""

    def run(of):
        return estimate(context, MODEL, of, tmp_path / "log")

    run.answer = EstimateResult(energy=GUESS)
    run.runner = FakeRunner(lambda _: run.answer)
    context = fake_context(tmp_path, runner=run.runner)
    return run


def test_a_model_is_told_what_the_block_used(ask):
    of = replace(block(peak_bytes=7), cpu_s=40.0, energy=no_energy("no counter"))
    found = ask(of)
    assert found.energy == replace(GUESS, reason="no counter")
    (job,) = [job for job in ask.runner.jobs if isinstance(job, EstimateJob)]
    assert (job.cpu_s, job.seconds, job.resident_bytes) == (40.0, of.noise.wall_s, 7)


def test_what_was_measured_is_never_estimated(ask):
    of = replace(block(), energy=COUNTED)
    assert ask(of) == of
    assert not ask.runner.jobs


def test_a_model_of_processors_says_nothing_of_a_gpu(ask):
    of = block()
    found = ask(replace(of, placement=replace(of.placement, device="GPU.0"))).energy
    assert found.source is EnergySource.NONE
    assert "ran on GPU.0" in found.reason
    assert not ask.runner.jobs


def test_a_model_that_fails_leaves_its_reason(ask):
    ask.answer = Failure(failure=FailureKind.CRASHED, reason="The worker crashed.")
    found = ask(block()).energy
    assert found.source is EnergySource.NONE
    assert "The worker crashed." in found.reason
