import pytest

from edgewright.app.steps.likelihood import likelihood
from edgewright.core.jobs.conversation import LikelihoodResult
from edgewright.core.jobs.requests import LikelihoodJob
from edgewright.core.jobs.results import Failure, FailureKind
from edgewright.core.measurement.likelihood import Likelihood
from edgewright.testing import (
    FakeRunner,
    fake_context,
)

PAIRS = (((1, 2), (3,)), ((1,), (2, 3)))
ANSWER = LikelihoodResult(
    likelihoods=(Likelihood(total=-1.5, greedy=True), Likelihood(total=-2, greedy=False))
)


@pytest.fixture
def ask(tmp_path):
    """Runs the stage on fakes; ``ask.runner`` remembers the jobs."""

    def run(pairs=PAIRS, identity="a", runtime=None):
        return likelihood(
            context,
            context.reference,
            artifact="/there",
            identity=identity,
            runtime=runtime or {},
            pairs=pairs,
            log=tmp_path / "log",
        )

    run.answer = ANSWER
    run.runner = FakeRunner(lambda _: run.answer)
    context = fake_context(tmp_path, runner=run.runner)
    return run


def test_the_same_pairs_are_answered_once(ask):
    assert ask() == ANSWER.likelihoods
    assert ask() == ANSWER.likelihoods
    (job,) = ask.runner.jobs
    assert job == LikelihoodJob(worker="fake.torch", artifact="/there", runtime={}, pairs=PAIRS)


def test_whatever_changes_the_answer_is_asked_anew(ask):
    ask()
    ask(pairs=PAIRS[::-1])
    ask(identity="b")
    ask(runtime={"threads": 1})
    assert len(ask.runner.jobs) == 4


def test_a_failure_is_no_answer_and_is_not_kept(ask):
    ask.answer = Failure(failure=FailureKind.CRASHED, reason="it fell")
    assert ask() == ask.answer
    ask.answer = ANSWER
    assert ask() == ANSWER.likelihoods


def test_too_few_answers_are_none(ask):
    ask.answer = LikelihoodResult(likelihoods=ANSWER.likelihoods[:1])
    found = ask()
    assert isinstance(found, Failure)
    assert "answered 1 of 2 pairs" in found.reason
