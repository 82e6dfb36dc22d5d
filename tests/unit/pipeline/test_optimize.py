"""The order of things, on fakes: what is compared, what falls out, what is never done twice."""

import contextlib
from dataclasses import replace

import pytest

from edgewright.core import knowledge
from edgewright.core.jobs import (
    BenchJob,
    BenchResult,
    BuildJob,
    BuildResult,
    Failure,
    FailureKind,
    ScoreJob,
    ScoreResult,
    TokenizeJob,
    TokenizeResult,
)
from edgewright.core.policy import Gate, Policy
from edgewright.core.run import Status
from edgewright.errors import EdgewrightError, InputError
from edgewright.pipeline.optimize import plan_key, split_ids
from edgewright.pipeline.request import Request
from edgewright.stages.assess import assess
from edgewright.stages.plan import plan
from edgewright.testing import (
    FakeBackend,
    FakeFiles,
    FakeToolchains,
    block,
    facts,
    scores,
)
from tests.world import HOST, RECIPE_OF, TEXT, World, by_id, honest


def test_the_build_that_keeps_accuracy_and_is_fast_is_chosen(tmp_path):
    run = World(tmp_path).run()
    trials = by_id(run)
    assert run.best is not None
    assert run.best.recipe.name == "int8"
    assert trials["openvino/int4"].outcome == "fail"
    assert trials["openvino/int8"].outcome == "pass"
    assert run.baseline.values["decode_tok_s"].value == pytest.approx(10, rel=0.05)


def test_the_five_stages_tell_the_chosen_builds_story(tmp_path):
    run = World(tmp_path).run()
    stages = [step.stage for step in run.progressive]
    assert stages == ["baseline", "converted", "quantized", "accelerated", "validated"]
    assert "speed" in run.progressive[1].gained


def test_a_conversion_that_answers_otherwise_is_broken_and_nothing_is_made_of_it(tmp_path):
    def broken(job):
        if (
            isinstance(job, ScoreJob)
            and RECIPE_OF.get(job.artifact) == "fp32"
            and job.worker == "fake.openvino"
        ):
            return ScoreResult(scores=scores(0.25))
        return honest(job)

    run = World(tmp_path, answer=broken).run()
    trials = by_id(run)
    assert trials["openvino/int8"].status is Status.BROKEN
    assert "rope" in trials["openvino/int8"].reason
    assert trials["llamacpp/int8"].status is Status.MEASURED
    assert run.best is not None
    assert run.best.recipe.framework == "llamacpp"


def test_a_tokenizer_that_gives_other_ids_breaks_a_framework(tmp_path):
    def glued(job):
        if isinstance(job, TokenizeJob) and job.worker == "fake.llamacpp":
            return TokenizeResult(ids=tuple((1, 2, 3) for _ in job.texts))
        return honest(job)

    run = World(tmp_path, answer=glued).run()
    assert by_id(run)["llamacpp/int8"].status is Status.BROKEN
    cross = {c.framework: c for c in run.cross_validation}
    assert not cross["llamacpp"].tokenizer_equal
    assert "differs at token 0" in cross["llamacpp"].cause


def test_a_missing_toolchain_costs_its_own_candidates_only(tmp_path):
    run = World(tmp_path, missing={"llamacpp": "no C++ compiler was found"}).run()
    trials = by_id(run)
    assert trials["llamacpp/int8"].status is Status.UNAVAILABLE
    assert "no C++ compiler" in trials["llamacpp/int8"].reason
    assert run.best is not None


def test_a_crash_in_one_build_does_not_stop_the_others(tmp_path):
    def crash(job):
        if isinstance(job, BuildJob) and job.recipe.id == "openvino/int8" and "tiny" not in job.source:
            return Failure(failure=FailureKind.CRASHED, reason="signal 11")
        return honest(job)

    world = World(tmp_path, answer=crash)
    run = world.run()
    assert by_id(run)["openvino/int8"].status is Status.FAILED
    assert run.best is not None
    assert run.best.id == "llamacpp/int8"


def test_the_dry_run_finds_an_unsupported_architecture_before_anything_is_built(tmp_path):
    def refuse(job):
        if isinstance(job, BuildJob) and job.recipe.framework == "openvino":
            return Failure(failure=FailureKind.UNSUPPORTED, reason="unknown architecture")
        return honest(job)

    world = World(tmp_path, answer=refuse)
    run = world.run()
    assert by_id(run)["openvino/int8"].status is Status.UNSUPPORTED
    assert "dry run" in by_id(run)["openvino/int8"].reason
    builds = [j for j in world.runner.jobs if isinstance(j, BuildJob) and j.recipe.framework == "openvino"]
    assert len(builds) == 1


def test_the_same_run_again_builds_and_scores_and_times_nothing(tmp_path):
    first = World(tmp_path)
    before = first.run()
    second = World(tmp_path)
    second.journal.kept = first.journal.kept
    after = second.run()
    assert second.runner.count(BuildJob) == 0
    assert second.runner.count(ScoreJob) == 0
    assert second.runner.count(BenchJob) == 0
    assert after.choice == before.choice


@pytest.mark.parametrize("fatal", range(0, 60, 7))
def test_killed_at_any_job_the_next_run_finishes_without_redoing_what_was_finished(tmp_path, fatal):
    class Killed(BaseException):
        pass

    count = 0

    def deadly(job):
        nonlocal count
        count += 1
        if count > fatal:
            raise Killed
        return honest(job)

    first = World(tmp_path, answer=deadly)
    with contextlib.suppress(Killed):
        first.run()
    finished = {(j.out, j.recipe.id) for j in first.runner.jobs[:-1] if isinstance(j, BuildJob)}
    second = World(tmp_path)
    second.journal.kept = first.journal.kept
    run = second.run()
    assert run.best is not None
    again = {(j.out, j.recipe.id) for j in second.runner.jobs if isinstance(j, BuildJob)}
    assert not finished & again


def test_a_failure_is_not_remembered(tmp_path):
    def crash(job):
        if isinstance(job, BuildJob) and job.recipe.name == "int8":
            return Failure(failure=FailureKind.CRASHED, reason="signal 9")
        return honest(job)

    assert World(tmp_path, answer=crash).run().best is None
    assert World(tmp_path).run().best is not None


def test_a_build_that_leaves_no_weights_is_a_failure_whatever_it_says(tmp_path):
    def hollow(job):
        if isinstance(job, BuildJob) and job.recipe.name == "int8":
            return BuildResult(weight_files=("nothing.bin",), tools={})
        return honest(job)

    run = World(tmp_path, answer=hollow).run()
    assert "left no model" in by_id(run)["openvino/int8"].reason


def test_without_a_baseline_there_is_no_run(tmp_path):
    def deaf(job):
        if isinstance(job, ScoreJob) and job.worker == "fake.torch":
            return Failure(failure=FailureKind.CRASHED, reason="killed")
        return None

    with pytest.raises(EdgewrightError, match="killed"):
        World(tmp_path, answer=deaf).run()


def test_where_nothing_is_fast_enough_the_nearest_miss_is_named(tmp_path):
    def slow(job):
        if isinstance(job, BenchJob) and job.worker != "fake.torch":
            return BenchResult(block=block(18.0))
        return honest(job)

    run = World(tmp_path, answer=slow).run()
    assert run.best is None
    assert run.choice is not None
    assert run.choice.nearest_miss is not None
    assert any("speedup" in missed for missed in run.choice.missed)


def test_slow_builds_get_no_further_rounds(tmp_path):
    def slow(job):
        if isinstance(job, BenchJob) and job.worker == "fake.openvino":
            return BenchResult(block=block(5.0))
        return honest(job)

    trials = by_id(World(tmp_path, answer=slow).run())
    assert trials["openvino/int8"].blocks == 1
    assert trials["llamacpp/int8"].blocks == 3


def test_a_choice_that_fails_on_held_out_text_is_not_recommended(tmp_path):
    def overfitted(job):
        if isinstance(job, ScoreJob) and len(job.ids) == 100 and not job.write_reference:
            return ScoreResult(scores=scores(1.0, right=0.2))
        return honest(job)

    run = World(tmp_path, answer=overfitted).run()
    assert run.best is None
    assert "held-out" in by_id(run)["openvino/int8"].reason


def test_a_size_limit_keeps_large_builds_from_being_made(tmp_path):
    backends = [FakeBackend("openvino")]
    states = {"openvino": FakeToolchains().state(backends[0].toolchain)}
    assessment = assess("m", facts(), HOST, knowledge.target("this-machine"), backends, states, context=64)
    planned = plan(assessment, backends, max_size_bytes=600_000)
    assert [r.name for r in planned.candidates] == ["fp32", "int4"]
    assert "over the limit" in planned.skipped[0].reason


def test_the_plan_key_changes_with_what_is_measured_and_not_with_the_policy(tmp_path):
    world = World(tmp_path)
    run = world.run()
    backends = list(world.backends.values())
    planned = plan(run.assessment, backends)
    key = plan_key(run.source, planned, world.request, "d", {})
    other = replace(world.request, policy=Policy(gates=(Gate(metric="speedup", at_least=9.0),)))
    assert plan_key(run.source, planned, other, "d", {}) == key
    assert plan_key(run.source, planned, replace(world.request, context=51), "d", {}) != key
    assert plan_key(run.source, planned, world.request, "another device", {}) != key


def test_explored_and_held_out_tokens_never_overlap():
    request = Request(text=TEXT, policy=Policy(), tokens=200, held_out_tokens=100)
    assert split_ids(list(range(1000)), request) == (tuple(range(200)), tuple(range(200, 300)))
    short = split_ids(list(range(90)), request)
    assert short == (tuple(range(60)), tuple(range(60, 90)))
    with pytest.raises(InputError, match="too few"):
        split_ids(list(range(63)), request)


FASTER = ({"kv_cache": "f16"},)


def tuned(speed):
    """An option that changes the speed of whatever runs with it."""

    def answer(job):
        if isinstance(job, BenchJob) and job.runtime.get("kv_cache") == "f16":
            return BenchResult(block=block(speed))
        return honest(job)

    return answer


def test_a_runtime_option_that_is_faster_in_every_round_is_kept(tmp_path):
    run = World(tmp_path, options=FASTER, answer=tuned(150.0)).run()
    assert run.best is not None
    assert run.best.id == "llamacpp/int8+kv_cache=f16"
    assert run.best.variant_of == "llamacpp/int8"
    assert run.best.artifact == run.trial("llamacpp/int8").artifact
    assert "better speed" in run.progressive[3].gained


def test_a_runtime_option_that_gains_nothing_is_told_and_not_kept(tmp_path):
    run = World(tmp_path, options=FASTER, answer=tuned(90.0)).run()
    assert run.best is not None
    assert run.best.id == "llamacpp/int8"
    assert "tried without a gain: llamacpp/int8+kv_cache=f16" in run.progressive[3].what


def test_a_tuned_build_that_fails_on_held_out_text_is_refuted_with_its_base_and_the_run_ends(tmp_path):
    def overfitted(job):
        if isinstance(job, ScoreJob) and len(job.ids) == 100 and not job.write_reference:
            return ScoreResult(scores=scores(1.0, right=0.2))
        return tuned(150.0)(job)

    run = World(tmp_path, options=FASTER, answer=overfitted).run()
    assert run.best is None
    assert run.trial("llamacpp/int8").status is Status.REFUTED
    assert run.trial("llamacpp/int8+kv_cache=f16").status is Status.REFUTED


def test_a_crash_while_validating_is_a_failure_and_no_verdict(tmp_path):
    def crash(job):
        if isinstance(job, ScoreJob) and len(job.ids) == 100 and not job.write_reference:
            return Failure(failure=FailureKind.CRASHED, reason="signal 9")
        return honest(job)

    first = World(tmp_path, answer=crash)
    assert first.run().trial("llamacpp/int8").status is Status.FAILED
    again = World(tmp_path)
    again.journal.kept = first.journal.kept
    assert again.run().best is not None


def test_a_baseline_that_cannot_be_timed_ends_the_run_with_its_reason(tmp_path):
    def deaf(job):
        if isinstance(job, BenchJob) and job.worker == "fake.torch":
            return Failure(failure=FailureKind.TIMED_OUT, reason="no sign of life")
        return honest(job)

    with pytest.raises(EdgewrightError, match="no sign of life"):
        World(tmp_path, answer=deaf).run()


def test_only_the_arm_that_failed_is_timed_again(tmp_path):
    def broken(job):
        if isinstance(job, BenchJob) and RECIPE_OF.get(job.artifact) == "int8" and job.workload.requests > 1:
            return Failure(failure=FailureKind.CRASHED, reason="signal 11")
        return honest(job)

    first = World(tmp_path, answer=broken)
    first.run()
    second = World(tmp_path)
    second.journal.kept = first.journal.kept
    run = second.run()
    assert run.trial("llamacpp/int8").status is Status.MEASURED
    timed = [RECIPE_OF.get(j.artifact) for j in second.runner.jobs if isinstance(j, BenchJob)]
    assert set(timed) == {"int8", None}  # None is the original, which every round needs


def test_a_damaged_build_in_the_store_is_made_again(tmp_path):
    from edgewright.errors import IntegrityError

    World(tmp_path).run()

    class Suspicious(FakeFiles):
        seen = 0

        def artifact(self, root):
            self.seen += 1
            if self.seen == 1:
                raise IntegrityError("one byte differs")
            return super().artifact(root)

    second = World(tmp_path)
    second.shop = replace(second.shop, files=Suspicious())
    assert second.run().best is not None
    assert second.runner.count(BuildJob) == 1


def test_what_the_budget_leaves_out_the_next_run_does(tmp_path):
    request = Request(text=TEXT, policy=Policy(), tokens=200, held_out_tokens=100, context=50, budget_s=2.0)
    hasty = World(tmp_path, request=request)
    run = hasty.run()
    assert {t.status for t in run.trials} == {Status.PLANNED}
    assert "time budget" in run.trials[0].reason
    assert World(tmp_path).run().best is not None


def test_for_another_device_this_hosts_speed_decides_nothing_and_accuracy_does(tmp_path):
    run = World(tmp_path).run(target="android")
    assert run.best is not None
    open_gates = {v.gate.metric for v in run.best.verdicts if v.excused}
    assert open_gates == {"speedup", "memory_cut", "latency_variation"}
    assert run.trial("openvino/int4").outcome == "fail"
    assert "not measured on the device" in run.assessment.unverified
