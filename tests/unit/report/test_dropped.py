"""Each reason is said once, where it belongs."""

from html import unescape

from edgewright.core.jobs.requests import BuildJob, ScoreJob
from edgewright.core.jobs.results import Failure, FailureKind, ScoreResult
from edgewright.report.dropped import dropped
from edgewright.report.html import draw
from edgewright.report.rows import table
from edgewright.report.sentences import sentences
from edgewright.report.terminal import show_run
from edgewright.testing import scores
from tests.unit.report.test_terminal import shown
from tests.world import RECIPE_OF, World, honest


def refusing(kind, reason, framework="openvino"):
    def answer(job):
        if isinstance(job, BuildJob) and job.recipe.framework == framework:
            return Failure(failure=kind, reason=reason)
        return honest(job)

    return answer


def test_a_frameworks_limit_is_said_once_and_called_its_own(tmp_path):
    run = World(tmp_path, answer=refusing(FailureKind.UNSUPPORTED, "unknown architecture")).run()
    (line,) = dropped(run)
    assert line.name == "openvino"
    assert line.builds > 1
    assert line.what == "unsupported (a limit of the framework)"
    for page in (shown(show_run, run), draw(run)):
        assert page.count("unknown architecture") == 1


def test_a_crash_is_not_called_a_limit_and_a_fault_of_the_files_is_called_one(tmp_path):
    crashed = World(tmp_path / "a", answer=refusing(FailureKind.CRASHED, "signal 11")).run()
    assert dropped(crashed)[0].what == "failed (the framework's process crashed)"
    broken = World(tmp_path / "b", answer=refusing(FailureKind.INVALID_INPUT, "no weights")).run()
    assert dropped(broken)[0].what == "failed (an error in the model's files)"


def test_a_missing_toolchain_has_one_line_and_one_row(tmp_path):
    run = World(tmp_path, missing={"llamacpp": "no C++ compiler was found"}).run()
    page = shown(show_run, run)
    assert page.count("no C++ compiler") == 1
    rows = [cells for trial, cells in table(run) if trial.recipe.framework == "llamacpp"]
    assert len(rows) == 1
    assert rows[0][0].startswith("llamacpp (")
    assert rows[0][-1] == "toolchain unavailable"


def test_a_conversion_that_differs_is_told_with_the_conversions_only(tmp_path):
    def broken(job):
        if (
            isinstance(job, ScoreJob)
            and RECIPE_OF.get(job.artifact) == "fp32"
            and job.worker == "fake.openvino"
        ):
            return ScoreResult(scores=scores(0.25))
        return honest(job)

    run = World(tmp_path, answer=broken).run()
    cause = sentences(run.cross_validation[0].causes)
    assert not dropped(run)
    assert shown(show_run, run).count(cause) == 1
    assert unescape(draw(run)).count(cause) == 1


def test_one_build_that_failed_is_named_itself(tmp_path):
    def crash(job):
        if isinstance(job, BuildJob) and job.recipe.id == "openvino/int4":
            return Failure(failure=FailureKind.CRASHED, reason="signal 11")
        return honest(job)

    run = World(tmp_path, answer=crash).run()
    assert "openvino/int4" in {line.name for line in dropped(run)}
