"""The order of things, on fakes: what is compared, what falls out, what is never done twice."""

import contextlib
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from edgewright.app.optimize.pipeline import plan_key
from edgewright.app.optimize.plan import plan
from edgewright.app.optimize.request import Confirmation
from edgewright.app.steps.assess import assess
from edgewright.core import knowledge
from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.jobs.requests import (
    BenchJob,
    BuildJob,
    ScoreJob,
    SourceJob,
    SourceOperation,
    TokenizeJob,
)
from edgewright.core.jobs.results import (
    BenchResult,
    BuildResult,
    Failure,
    FailureKind,
    ScoreResult,
    TokenizeResult,
)
from edgewright.core.measurement.noise import Noise, Sentinel
from edgewright.core.measurement.records import Workload
from edgewright.core.recipe.pruning import parse
from edgewright.core.run import Status
from edgewright.errors import EdgewrightError, InputError, UsageError
from edgewright.report.answer import steps
from edgewright.report.sentences import sentence, sentences, verdict_sentence
from edgewright.tasks.text_generation.parts import parts_of
from edgewright.testing import (
    FakeBackend,
    FakeFiles,
    FakeToolchains,
    block,
    facts,
    scores,
)
from tests.world import HOST, RECIPE_OF, REQUEST, World, by_id, honest, is_confirming, is_held_out

IN_FULL = replace(REQUEST, confirmation=replace(REQUEST.confirmation, rounds=Confirmation().rounds))


def confirmed_at(speeds):
    """Builds that decode at these speeds in turn when they are confirmed; the original decodes 10 tokens a second."""
    turns = cycle(speeds)

    def answer(job):
        if is_confirming(job) and job.worker != "fake.torch":
            return BenchResult(block=block(next(turns)))
        return honest(job)

    return answer


def test_the_build_that_keeps_accuracy_and_is_fast_is_chosen(tmp_path):
    run = World(tmp_path).run()
    trials = by_id(run)
    assert run.best is not None
    assert run.best.recipe.name == "int8"
    assert trials["openvino/int4"].outcome == "fail"
    assert trials["openvino/int8"].outcome == "pass"
    assert trials["openvino/int8"].confirmed
    assert run.baseline.values["decode_tok_s"].value == pytest.approx(10, rel=0.05)


def test_the_five_stages_tell_the_chosen_builds_story(tmp_path):
    run = World(tmp_path).run()
    stages = [step.stage for step in run.progressive]
    assert stages == ["baseline", "converted", "quantized", "accelerated", "validated"]
    assert "speed" in steps(run)[1][1]


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
    assert "KL divergence 0.25" in sentence(trials["openvino/int8"].reason)
    assert "cause unknown" in sentence(trials["openvino/int8"].reason)
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
    assert "differs at token 0" in sentences(cross["llamacpp"].causes)


def test_a_missing_toolchain_costs_its_own_candidates_only(tmp_path):
    run = World(tmp_path, missing={"llamacpp": "no C++ compiler was found"}).run()
    trials = by_id(run)
    assert trials["llamacpp/int8"].status is Status.UNAVAILABLE
    assert "no C++ compiler" in sentence(trials["llamacpp/int8"].reason)
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


def refuse(job):
    if isinstance(job, BuildJob) and job.recipe.framework == "openvino":
        return Failure(failure=FailureKind.UNSUPPORTED, reason="unknown architecture")
    return honest(job)


def builds_of(world, framework):
    return [j for j in world.runner.jobs if isinstance(j, BuildJob) and j.recipe.framework == framework]


def test_the_dry_run_finds_an_unsupported_architecture_before_anything_is_built(tmp_path):
    world = World(tmp_path, answer=refuse, source=facts(weight_bytes=2_000_000_001))
    run = world.run()
    assert by_id(run)["openvino/int8"].status is Status.UNSUPPORTED
    assert "dry run" in sentence(by_id(run)["openvino/int8"].reason)
    assert len(builds_of(world, "openvino")) == 1


def test_a_small_model_is_tried_itself_without_a_dry_run(tmp_path):
    world = World(tmp_path)
    assert by_id(world.run())["openvino/int8"].status is Status.MEASURED
    assert not any("dry run" in phase for phase in world.reporter.phases)


def test_a_small_model_that_cannot_be_built_is_tried_once(tmp_path):
    world = World(tmp_path, answer=refuse)
    run = world.run()
    assert by_id(run)["openvino/int8"].status is Status.SKIPPED
    assert "unknown architecture" in sentence(by_id(run)["openvino/int8"].reason)
    assert len(builds_of(world, "openvino")) == 1


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
    assert "wrote no model" in sentence(by_id(run)["openvino/int8"].reason)


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
    assert any(missed.gate.metric == "speedup" for missed in run.choice.missed)


def test_slow_builds_are_not_confirmed(tmp_path):
    def slow(job):
        if isinstance(job, BenchJob) and job.worker == "fake.openvino":
            return BenchResult(block=block(5.0))
        return honest(job)

    trials = by_id(World(tmp_path, answer=slow).run())
    assert trials["openvino/int8"].blocks == 1
    assert not trials["openvino/int8"].confirmed
    assert trials["llamacpp/int8"].blocks == 4


def test_what_was_explored_and_what_was_confirmed_never_mix(tmp_path):
    def regressing(job):
        if is_confirming(job) and job.worker != "fake.torch":
            return BenchResult(block=block(50.0))
        return honest(job)

    best = World(tmp_path, answer=regressing).run().best
    assert best.explored["speedup"].value == pytest.approx(10.0, rel=0.01)
    assert best.values["speedup"].value == pytest.approx(5.0, rel=0.01)
    assert best.values["speedup"].n == 4


def test_a_winner_that_is_slow_when_measured_again_is_not_recommended(tmp_path):
    def lucky(job):
        if is_confirming(job) and job.worker != "fake.torch":
            return BenchResult(block=block(15.0))
        return honest(job)

    run = World(tmp_path, answer=lucky).run()
    assert run.best is None
    for name in ("openvino/int8", "llamacpp/int8"):
        assert run.trial(name).outcome == "fail"
        assert run.trial(name).explored["speedup"].value > 5


@pytest.mark.parametrize(("speeds", "blocks"), [((100.0, 101.0), 5), ((100.0, 108.0), 7)])
def test_a_build_far_from_every_bound_is_confirmed_once_its_steadiness_shows(tmp_path, speeds, blocks):
    """Three rounds decide 10x against 2x, and say nothing of the scatter between processes; five do if it is small."""
    run = World(tmp_path, answer=confirmed_at(speeds), backends=("llamacpp",), request=IN_FULL).run()
    assert run.best.outcome == "pass"
    assert run.best.blocks == blocks


def test_a_build_far_below_a_bound_is_given_up_after_three_rounds(tmp_path):
    answer = confirmed_at((15.0, 15.1))
    run = World(tmp_path, answer=answer, backends=("llamacpp",), request=IN_FULL).run()
    assert run.trial("llamacpp/int8").outcome == "fail"
    assert run.trial("llamacpp/int8").blocks == 3
    assert "one-sided 99.8 % bounds" in run.trial("llamacpp/int8").values["speedup"].method


def test_a_build_near_a_bound_has_as_many_rounds_as_ever(tmp_path):
    answer = confirmed_at((23.0, 21.0))
    run = World(tmp_path, answer=answer, backends=("llamacpp",), request=IN_FULL).run()
    assert run.best.blocks == 7
    assert "one-sided 98.3 % bounds" in run.best.values["speedup"].method


def test_an_order_of_objectives_is_not_judged_by_the_wide_intervals_of_early_looks(tmp_path):
    asked = replace(IN_FULL, policy=Policy(order=("speed", "size")))
    answer = confirmed_at((100.0, 101.0))
    assert World(tmp_path, answer=answer, backends=("llamacpp",), request=asked).run().best.blocks == 7


def test_a_framework_whose_speed_says_nothing_here_is_built_and_scored_and_not_timed(tmp_path):
    world = World(tmp_path)
    world.backends["openvino"].timed_where = ("system=Darwin",)
    trials = by_id(world.run())
    for name in ("openvino/fp32", "openvino/int8", "openvino/int4"):
        assert trials[name].status is Status.UNTIMED
        assert sentence(trials[name].reason).startswith(
            "its speed is meaningful only on a host with system=Darwin"
        )
        assert trials[name].values["kl_divergence"].value is not None
        assert "decode_tok_s" not in trials[name].values
    assert trials["llamacpp/int8"].status is Status.MEASURED


@pytest.mark.parametrize(
    ("backends", "asked"), [(("openvino", "llamacpp"), ("openvino",)), (("openvino",), ())]
)
def test_it_is_timed_where_it_is_asked_for_by_name_or_the_only_one(tmp_path, backends, asked):
    world = World(tmp_path, backends=backends, request=replace(REQUEST, by_name=asked))
    world.backends["openvino"].timed_where = ("system=Darwin",)
    assert by_id(world.run())["openvino/int8"].status is Status.MEASURED


def test_rounds_go_on_while_a_ratio_is_in_doubt_and_end_at_the_last_look(tmp_path):
    speeds = iter([19.0, 25.0] * 50)

    def wavering(job):
        if is_confirming(job) and job.worker != "fake.torch":
            return BenchResult(block=block(next(speeds)))
        return honest(job)

    fast = replace(REQUEST, policy=Policy(gates=(Gate(metric="speedup", at_least=2.0),)))
    run = World(tmp_path, answer=wavering, backends=("llamacpp",), request=fast).run()
    assert run.provisional
    assert run.trial("llamacpp/int8").blocks == 6
    assert run.trial("llamacpp/int8").outcome == "inconclusive"


@pytest.mark.parametrize(("strict", "chosen"), [(False, "llamacpp/int8"), (True, None)])
def test_where_a_gate_stays_open_the_best_is_an_answer_and_strict_gives_none(tmp_path, strict, chosen):
    speeds = cycle([140.0, 180.0, 150.0, 170.0])

    def wavering(job):
        if is_confirming(job) and job.worker != "fake.torch":
            return BenchResult(block=block(next(speeds)))
        return honest(job)

    gates = (Gate(metric="decode_tok_s", at_least=148.0), Gate(metric="accuracy_retained", at_least=0.95))
    asked = replace(REQUEST, policy=Policy(gates=gates, prefer={"speed": 1.0}, strict=strict))
    run = World(tmp_path, answer=wavering, backends=("llamacpp",), request=asked).run()
    assert run.choice.chosen == chosen
    assert run.provisional == (chosen is not None)
    if chosen:
        assert [v.gate.metric for v in run.choice.open_gates] == ["decode_tok_s"]
        assert run.progressive[-1].stage == "validated"
    else:
        assert run.choice.nearest_miss == "llamacpp/int8"
        assert any(missed.gate.metric == "decode_tok_s" for missed in run.choice.missed)


def test_a_hog_beside_every_block_gives_no_verdict_on_speed(tmp_path):
    def hogged(job):
        if is_confirming(job):
            speed = 10.0 if job.worker == "fake.torch" else 100.0
            return BenchResult(block=block(speed, noise=Noise(wall_s=10.0, foreign_cpu=0.5)))
        return honest(job)

    run = World(tmp_path, answer=hogged).run()
    assert run.provisional
    assert {str(v.needs) for v in run.choice.open_gates} == {"quiet_host"}
    assert run.host.noisy
    assert run.host.invalid == run.host.blocks
    assert run.host.blocks <= 15  # it was plain after the first round
    for trial in (run.trial("openvino/int8"), run.trial("llamacpp/int8")):
        outcomes = {v.gate.metric: v.outcome for v in trial.verdicts}
        assert outcomes["speedup"] == outcomes["latency_variation"] == "inconclusive"
        assert outcomes["accuracy_retained"] == "pass"


def test_a_host_whose_own_speed_swings_still_tells_a_build_ten_times_as_fast(tmp_path):
    usual, slow = Sentinel(gflop_s=100.0, read_gb_s=10.0), Sentinel(gflop_s=80.0, read_gb_s=10.0)
    before = cycle([usual, slow])

    def swinging(job):
        if not is_confirming(job):
            return honest(job)
        noise = Noise(wall_s=10.0, before=next(before), after=usual)
        if job.worker == "fake.torch":
            return BenchResult(block=block(10.0, peak_bytes=400_000_000, noise=noise))
        return BenchResult(block=block(100.0, noise=noise))

    run = World(tmp_path, answer=swinging).run()
    assert run.host.noisy
    assert run.host.swing == pytest.approx(1.25)
    verdicts = {v.gate.metric: v for v in run.best.verdicts}
    assert verdicts["speedup"].outcome == "pass"
    assert not run.provisional


def test_a_block_that_was_disturbed_once_is_run_again_and_counted(tmp_path):
    seen = []

    def hiccup(job):
        if is_confirming(job) and job.worker == "fake.openvino" and not seen:
            seen.append(job)
            return BenchResult(block=block(1.0, noise=Noise(wall_s=10.0, steal=0.4)))
        return honest(job)

    run = World(tmp_path, answer=hiccup).run()
    assert run.best is not None
    assert run.host.invalid == 1
    assert run.host.causes[0][0].code == "stolen"


def test_a_build_whose_timed_run_answers_otherwise_is_out_however_fast(tmp_path):
    def wrong(job):
        if (
            isinstance(job, BenchJob)
            and RECIPE_OF.get(job.artifact) == "int8"
            and job.worker == "fake.openvino"
        ):
            fast = block(900.0)
            lies = replace(fast.requests[0], token_ids=tuple(range(100, 132)))
            return BenchResult(block=replace(fast, requests=(lies,)))
        return honest(job)

    run = World(tmp_path, answer=wrong).run()
    assert run.trial("openvino/int8").status is Status.FAILED
    assert "gave different answers" in sentence(run.trial("openvino/int8").reason)
    assert run.best.id == "llamacpp/int8"


def test_memory_that_the_system_took_back_is_no_memory_cut(tmp_path):
    def reclaimed(job):
        if isinstance(job, BenchJob) and job.worker != "fake.torch":
            return BenchResult(block=block(100.0, peak_bytes=500))
        return honest(job)

    run = World(tmp_path, answer=reclaimed).run()
    verdicts = {v.gate.metric: v for v in run.trial("openvino/int8").verdicts}
    assert verdicts["memory_cut"].outcome == "inconclusive"
    assert "reclaimed pages" in verdict_sentence(verdicts["memory_cut"])
    assert run.provisional
    assert [v.gate.metric for v in run.choice.open_gates] == ["memory_cut"]


def test_the_host_is_told_by_the_original_beside_itself(tmp_path):
    speeds = iter([10.0, 11.0, 10.6] * 100)

    def noisy(job):
        if is_confirming(job) and job.worker == "fake.torch":
            return BenchResult(block=block(next(speeds), peak_bytes=400_000_000))
        return honest(job)

    host = World(tmp_path, answer=noisy).run().host
    assert host.resolution_rounds == 3
    assert host.resolution > 0.01


def test_a_choice_that_fails_on_held_out_text_is_not_recommended(tmp_path):
    def overfitted(job):
        if is_held_out(job):
            return ScoreResult(scores=scores(1.0, right=0.2))
        return honest(job)

    run = World(tmp_path, answer=overfitted).run()
    assert run.best is None
    assert "held-out" in sentence(by_id(run)["openvino/int8"].reason)


def test_a_size_limit_keeps_large_builds_from_being_made(tmp_path):
    backends = [FakeBackend("openvino")]
    states = {"openvino": FakeToolchains().state(backends[0].toolchain)}
    assessment = assess("m", facts(), HOST, knowledge.target("this-machine"), backends, states, context=64)
    planned = plan(assessment, backends, max_size_bytes=600_000)
    assert [r.name for r in planned.candidates] == ["fp32", "int4"]
    assert "over the limit" in sentence(planned.skipped[0].reason)


def planned_only(*only):
    backends = [FakeBackend("openvino", observed=True), FakeBackend("llamacpp")]
    states = {b.name: FakeToolchains().state(b.toolchain) for b in backends}
    assessment = assess("m", facts(), HOST, knowledge.target("this-machine"), backends, states, context=64)
    return [r.id for r in plan(assessment, backends, only=only).candidates]


def test_only_what_was_asked_for_is_planned_with_what_it_is_made_from():
    assert planned_only("openvino/int4") == ["openvino/fp32", "openvino/observed", "openvino/int4"]
    assert planned_only("*/int8", "llamacpp/int4")[-3:] == ["llamacpp/fp32", "llamacpp/int8", "llamacpp/int4"]


def test_a_pruned_model_is_built_by_every_framework_and_held_against_the_original(tmp_path):
    world = World(tmp_path, request=replace(REQUEST, prunings=(parse("blocks:0.1"),)))
    run = world.run()
    trials = by_id(run)
    assert trials["openvino/int8~blocks10"].status is Status.MEASURED
    assert trials["llamacpp/int8~blocks10"].status is Status.MEASURED
    assert trials["openvino/fp32~blocks10"].status is Status.AUXILIARY
    pruned = [
        j for j in world.runner.jobs if isinstance(j, SourceJob) and j.operation is SourceOperation.PRUNE
    ]
    assert len(pruned) == 1
    assert pruned[0].ids
    references = {j.reference for j in world.runner.jobs if isinstance(j, ScoreJob) and j.reference}
    assert len(references) == 2  # of the original alone: its explored and its held-out text


def test_a_pruning_that_cannot_be_done_costs_its_builds_only(tmp_path):
    def refuses(job):
        if isinstance(job, SourceJob) and job.operation is SourceOperation.PRUNE:
            return Failure(failure=FailureKind.UNSUPPORTED, reason="It has no blocks.")
        return honest(job)

    run = World(tmp_path, answer=refuses, request=replace(REQUEST, prunings=(parse("blocks:0.1"),))).run()
    assert run.best is not None
    trials = by_id(run)
    assert trials["openvino/int8~blocks10"].status is Status.FAILED
    assert "has no blocks" in sentence(trials["openvino/int8~blocks10"].reason)


def test_a_pattern_that_no_build_matches_names_those_that_there_are():
    with pytest.raises(UsageError, match="int3"):
        planned_only("openvino/int3")


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


def test_a_text_too_short_for_a_comparison_or_for_the_prompt_is_refused():
    with pytest.raises(InputError, match="too few"):
        parts_of(list(range(63)), REQUEST.exam)
    with pytest.raises(InputError, match="prompt has 100 tokens"):
        parts_of(list(range(80)), replace(REQUEST, workload=Workload(prompt_tokens=100)).exam)


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
    assert "better speed" in steps(run)[3][1]


def test_a_runtime_option_that_gains_nothing_is_told_and_not_kept(tmp_path):
    run = World(tmp_path, options=FASTER, answer=tuned(90.0)).run()
    assert run.best is not None
    assert run.best.id == "llamacpp/int8"
    assert "no gain from llamacpp/int8+kv_cache=f16" in sentence(run.progressive[3].what)


def test_a_tuned_build_that_fails_on_held_out_text_is_refuted_with_its_base_and_the_run_ends(tmp_path):
    def overfitted(job):
        if is_held_out(job):
            return ScoreResult(scores=scores(1.0, right=0.2))
        return tuned(150.0)(job)

    run = World(tmp_path, options=FASTER, answer=overfitted).run()
    assert run.best is None
    assert run.trial("llamacpp/int8").status is Status.REFUTED
    assert run.trial("llamacpp/int8+kv_cache=f16").status is Status.REFUTED


def test_a_crash_while_validating_is_a_failure_and_no_verdict(tmp_path):
    def crash(job):
        if is_held_out(job):
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
        if (
            isinstance(job, BenchJob)
            and RECIPE_OF.get(job.artifact) == "int8"
            and job.worker == "fake.llamacpp"
            and job.pace.least_requests == 2
        ):
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
    second.context = replace(second.context, files=Suspicious())
    assert second.run().best is not None
    assert second.runner.count(BuildJob) == 1


def test_what_the_budget_leaves_out_the_next_run_does(tmp_path):
    hasty = World(tmp_path, request=replace(REQUEST, budget_s=2.0))
    run = hasty.run()
    assert {t.status for t in run.trials} == {Status.PLANNED}
    assert "time budget" in sentence(run.trials[0].reason)
    assert World(tmp_path).run().best is not None


def test_for_another_device_this_hosts_speed_decides_nothing_and_accuracy_does(tmp_path):
    run = World(tmp_path).run(target="android")
    assert run.best is not None
    open_gates = {v.gate.metric for v in run.best.verdicts if v.excused}
    steadiness = {"latency_variation", "block_variation", "latency_drift"}
    assert open_gates == {"speedup", "memory_cut", *steadiness}
    assert run.trial("openvino/int4").outcome == "fail"
    assert "not measured on the device" in sentence(run.assessment.unverified)


def test_even_a_brief_confirmation_has_the_blocks_that_every_default_gate_needs():
    from edgewright.app.optimize.request import BRIEF
    from edgewright.core.decision.policy import DEFAULT_GATES
    from edgewright.core.measurement.quantity import METRICS
    from edgewright.core.measurement.speed import paired_values, speed_values

    blocks = {str(k): block() for k in range(BRIEF.rounds[0])}
    values = {**speed_values(list(blocks.values())), **paired_values(blocks, blocks)}
    for gate in DEFAULT_GATES:
        if METRICS[gate.metric].is_device_bound:
            assert values[gate.metric].value is not None, gate.metric


def test_a_build_that_quantized_nothing_is_skipped_with_the_reason(tmp_path):
    def whole(job):
        if isinstance(job, BuildJob) and job.recipe.id == "openvino/int4":
            place = Path(job.out)
            place.mkdir(parents=True)
            (place / "weights.bin").write_bytes(b"x" * 768 * 32)
            return BuildResult(weight_files=("weights.bin",), tools={"fake": "1"})
        return honest(job)

    trial = by_id(World(tmp_path, answer=whole).run())["openvino/int4"]
    assert trial.status is Status.SKIPPED
    assert "nothing was quantized" in sentence(trial.reason)
