"""Use cases on fakes: the same entry that a daemon or a notebook has, without a process or a network."""

import pytest

from edgewright.api.calling import options_of
from edgewright.app import assess, decide, session, toolchains
from edgewright.app.compare.ab import AbOptions, ab
from edgewright.app.compare.benchmark import BenchmarkOptions, benchmark
from edgewright.app.evaluate.text import TextOptions, evaluate
from edgewright.app.optimize.options import OptimizeOptions
from edgewright.app.options import ModelOptions
from edgewright.app.steps.build import build
from edgewright.core.decision.ab import Better
from edgewright.core.decision.verdict import Outcome
from edgewright.core.jobs.requests import BenchJob, ScoreJob
from edgewright.core.jobs.results import BenchResult, ScoreResult
from edgewright.core.measurement.records import QUICK
from edgewright.core.model.facts import Source, SourceKind
from edgewright.errors import InputError, UsageError
from edgewright.testing import FakeBackend, FakeRunner, block, facts, fake_context, scores
from edgewright.testing.fake_site import FakeSession


class Build:
    """One build of a fake framework in a context of fakes."""

    def __init__(self, tmp_path, answer=lambda job: None):
        self.backend = FakeBackend("llamacpp")
        self.context = fake_context(tmp_path, backends={"llamacpp": self.backend}, runner=FakeRunner(answer))
        source = Source(
            path=str(tmp_path), digest="d", name="m", kind=SourceKind.DIRECTORY, origin="m", facts=facts()
        )
        recipes = {recipe.name: recipe for recipe in self.backend.recipes(facts())}
        base = build(self.context, source, recipes["fp32"], None, tmp_path / "log")
        self.fp32 = base.path
        self.int8 = build(self.context, source, recipes["int8"], base, tmp_path / "log").path


@pytest.fixture
def made(tmp_path):
    return Build(tmp_path)


def test_an_open_build_streams_and_answers_at_once(made):
    with session.load(made.context, made.int8, ModelOptions()) as opened:
        assert opened.generate_ids([5], max_tokens=3) == [6, 7, 8]
        assert list(opened.stream_ids([5], max_tokens=2)) == [6, 7]
        assert opened.loglikelihoods([([1], [2, 3])]) == [(-2.0, False)]
    (job,) = made.context.sessions.opened
    assert job.artifact == "store:artifacts/" + made.int8.rpartition("/")[2]


def test_a_stream_that_is_left_computes_no_more():
    live = FakeSession()
    stream = session.Session(live, None).stream_ids([1], max_tokens=100)
    assert next(stream) == 2
    stream.close()
    assert live.told == 1


def test_text_is_streamed_in_whole_characters():
    class Bytes:
        def decode(self, ids):
            return bytes(ids).decode(errors="replace")

    pieces = list(session._texts(Bytes(), iter("aé🎉b".encode())))
    assert "".join(pieces) == "aé🎉b"
    assert "�" not in "".join(pieces)


def test_builds_are_timed_side_by_side(tmp_path):
    def answer(job):
        fast = isinstance(job, BenchJob) and job.artifact == made.int8
        return BenchResult(block=block(200.0 if fast else 100.0)) if isinstance(job, BenchJob) else None

    made = Build(tmp_path, answer)
    found = benchmark(made.context, [made.fp32, made.int8], BenchmarkOptions(rounds=3, pace=QUICK))
    assert [arm.name for arm in found.arms] == ["llamacpp/fp32", "llamacpp/int8"]
    assert found.arms[1].values["speedup"].value == pytest.approx(2.0)


def test_an_ab_test_ends_at_the_first_look_that_decides(tmp_path):
    def answer(job):
        fast = isinstance(job, BenchJob) and job.artifact == made.int8
        return BenchResult(block=block(200.0 if fast else 100.0)) if isinstance(job, BenchJob) else None

    made = Build(tmp_path, answer)
    found = ab(made.context, made.fp32, made.int8, AbOptions(pace=QUICK, rounds=(3, 5)))
    assert found.verdict.answer is Better.B
    assert found.rounds == 3


def test_a_metric_that_cannot_be_compared_is_refused(made):
    with pytest.raises(UsageError, match="size_bytes"):
        ab(made.context, made.fp32, made.int8, AbOptions(metric="size_bytes"))


def test_a_text_is_scored_against_a_baseline(tmp_path):
    def answer(job):
        if isinstance(job, ScoreJob) and job.reference:
            return ScoreResult(scores=scores(0.01))
        return None

    made = Build(tmp_path, answer)
    text = tmp_path / "text.txt"
    text.write_text("seven words are not enough to score here. " * 200, encoding="utf-8")
    options = TextOptions(baseline=made.fp32, eval_data=text, tokens=2048)
    found = evaluate(made.context, made.int8, options)
    assert found.baseline == "llamacpp/fp32"
    assert found.values["kl_divergence"].value == pytest.approx(0.01)
    assert found.verdict.outcome is Outcome.PASS


def test_toolchains_are_managed_by_name(made):
    context = made.context
    assert [state.name for state in toolchains.states(context)] == ["torch", "llamacpp"]
    assert all(state.ready for state in toolchains.install(context, ["llama.cpp"]))
    assert toolchains.remove(context, ["llamacpp"]) == {"llamacpp": 0}
    assert [s.name for s in toolchains.states(context) if not s.ready] == ["llamacpp"]
    with pytest.raises(UsageError, match="which toolchains"):
        toolchains.remove(context, [])


def test_the_doctor_looks_at_the_sites_host(made):
    host, states = assess.doctor(made.context)
    assert host.device_id == made.context.probe.facts.device_id
    assert len(states) == 2


def test_a_directory_without_a_run_says_so(made, tmp_path):
    with pytest.raises(InputError, match="no run at"):
        decide.open_run(made.context, tmp_path)


def test_options_are_a_record_or_its_fields():
    record = OptimizeOptions(quick=True)
    assert options_of(OptimizeOptions, record, {"seed": 3, "only": ["a", "b"]}) == OptimizeOptions(
        quick=True, seed=3, only=("a", "b")
    )
    with pytest.raises(UsageError, match="Did you mean budget_s"):
        options_of(OptimizeOptions, None, {"budgets": 3})
