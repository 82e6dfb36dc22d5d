"""A task of another kind goes through `optimize` whole, with its own metric and gate."""

import pytest

from edgewright.app.optimize.optimize import run_source
from edgewright.app.optimize.request import Confirmation, Request
from edgewright.app.steps.prepare import prepare
from edgewright.core.decision.verdict import Outcome
from edgewright.core.jobs.requests import SourceOperation
from edgewright.core.measurement.quantity import add_metrics
from edgewright.core.measurement.records import Pace
from edgewright.core.measurement.text import Text
from edgewright.core.model.facts import SourceKind
from edgewright.core.run import Status
from edgewright.errors import UnsupportedError
from edgewright.report.answer import headline
from edgewright.report.html import draw
from edgewright.testing import FakeBackend, FakeFiles, FakeRunner, TaskConformance, facts, fake_context
from tests.unit.tasks.tensor_task import ERROR, KIND, RATE, TensorExam, TensorTask, answer


class TensorBackend(FakeBackend):
    tasks = frozenset({KIND})


@pytest.fixture
def context(tmp_path):
    add_metrics(TensorTask.metrics)
    return fake_context(
        tmp_path,
        backends={"matrices": TensorBackend("matrices"), "texts": FakeBackend("texts")},
        runner=FakeRunner(answer),
        files=FakeFiles(facts(task=KIND)),
        tasks={KIND: TensorTask()},
    )


def optimized(context, tmp_path):
    source = prepare(
        context,
        SourceOperation.FROM_DIRECTORY,
        tmp_path,
        name="m",
        said="m",
        kind=SourceKind.DIRECTORY,
        fingerprint="f",
    )
    request = Request(
        text=Text(name="none", content="", sha256=""),
        policy=TensorTask().policy,
        confirmation=Confirmation(rounds=(4, 6), tokens=(1,), pace=Pace(least_requests=7)),
    )
    return run_source(context, source, request, tmp_path / "run", target="this-machine")


def test_it_is_built_scored_timed_gated_and_chosen_by_its_own_metrics(context, tmp_path):
    run = optimized(context, tmp_path)
    trials = {trial.id: trial for trial in run.trials}
    assert trials["matrices/fp32"].values[ERROR.name].value == pytest.approx(0.0, abs=1e-9)
    assert 0.0 < trials["matrices/int8"].values[ERROR.name].value < 0.02
    assert trials["matrices/int4"].values[ERROR.name].value > 0.02
    assert trials["matrices/int4"].outcome is Outcome.FAIL
    assert run.choice.chosen == "matrices/int8"
    assert run.best.confirmed
    assert {v.gate.metric: v.outcome for v in run.best.verdicts} == {
        ERROR.name: Outcome.PASS,
        "speedup": Outcome.PASS,
        **{v.gate.metric: v.outcome for v in run.best.verdicts if v.gate.metric.endswith("_bytes")},
    }
    assert run.best.values[RATE.name].unit == "inference/s"
    assert run.policy.axes["accuracy"] == ERROR.name


def test_a_framework_of_another_task_takes_no_part_with_the_reason(context, tmp_path):
    run = optimized(context, tmp_path)
    assert not [trial for trial in run.trials if trial.recipe.framework == "texts"]
    (note,) = [note for note in run.notes if note.startswith("texts")]
    assert "text-generation" in note
    assert KIND in note


def test_its_run_has_a_report(context, tmp_path):
    run = optimized(context, tmp_path)
    assert "inference/s" in headline(run)
    assert "matrices/int8" in draw(run)


def test_no_part_of_it_was_text(context, tmp_path):
    run = optimized(context, tmp_path)
    text = {"perplexity", "kl_divergence", "decode_tok_s", "accuracy_retained"}
    measured = [trial for trial in run.trials if trial.status is Status.MEASURED]
    assert measured
    assert not any(text & set(trial.values) for trial in measured)


def test_a_task_without_a_profile_is_refused(context):
    with pytest.raises(UnsupportedError, match="supported tasks"):
        context.task("image-classification")


class TestTensorTask(TaskConformance):
    def make(self):
        return TensorTask()

    def exam(self):
        return TensorExam()
