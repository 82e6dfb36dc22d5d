"""One framework and a quick question: asked of one build at a time, until one passes."""

from dataclasses import replace

import pytest

from edgewright.app.optimize.request import BRIEF
from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.jobs.requests import BenchJob, BuildJob, SourceJob, SourceOperation
from edgewright.core.jobs.results import BenchResult
from edgewright.core.run import Status
from edgewright.report.sentences import sentence
from edgewright.testing import block
from tests.world import HELD_OUT, RECIPE_OF, REQUEST, World, honest

QUICK = replace(REQUEST, confirmation=replace(BRIEF, tokens=(HELD_OUT,)))


def ask(tmp_path, request=QUICK, answer=honest, backends=("llamacpp",)):
    world = World(tmp_path, request=request, answer=answer, backends=backends)
    return world, world.run()


def test_the_first_build_that_passes_is_the_answer_and_the_others_are_not_built(tmp_path):
    world, run = ask(tmp_path)
    assert run.best.id == "llamacpp/int8"
    assert run.best.confirmed
    assert not run.provisional
    left = run.trial("llamacpp/int4")
    assert left.status is Status.UNTRIED
    assert sentence(left.reason).startswith("llamacpp/int8 was the first build that passed every gate")
    built = [job.recipe.name for job in world.runner.jobs if isinstance(job, BuildJob)]
    assert "int4" not in built


def test_neither_a_tiny_model_is_made_nor_the_conversion_timed(tmp_path):
    world, run = ask(tmp_path)
    operations = [job.operation for job in world.runner.jobs if isinstance(job, SourceJob)]
    assert SourceOperation.TINY not in operations
    timed = {RECIPE_OF.get(job.artifact) for job in world.runner.jobs if isinstance(job, BenchJob)}
    assert timed == {"int8", None}  # None is the original
    assert run.trial("llamacpp/fp32").status is Status.AUXILIARY


def test_a_build_whose_accuracy_fails_is_not_timed(tmp_path):
    only_fast = Policy(gates=(Gate(metric="accuracy_retained", at_least=0.995),))
    world, run = ask(tmp_path, replace(QUICK, policy=only_fast))
    timed = {RECIPE_OF.get(job.artifact) for job in world.runner.jobs if isinstance(job, BenchJob)}
    assert "int4" not in timed
    assert run.trial("llamacpp/int4").outcome == "fail" or run.trial("llamacpp/int4").status is Status.SKIPPED


def test_where_none_is_fast_enough_all_are_asked_and_the_nearest_is_named(tmp_path):
    def slow(job):
        if isinstance(job, BenchJob) and job.worker != "fake.torch":
            return BenchResult(block=block(5.0))
        return honest(job)

    _, run = ask(tmp_path, answer=slow)
    assert run.best is None
    assert run.choice.nearest_miss is not None
    assert not any(trial.confirmed for trial in run.trials)
    assert not {t.status for t in run.trials} & {Status.PLANNED, Status.SCORED, Status.BUILT}


def at(speeds):
    """A world in which builds decode at these speeds, and the original at 10 tokens/s."""

    def answer(job):
        if isinstance(job, BenchJob) and job.worker != "fake.torch":
            return BenchResult(block=block(speeds[RECIPE_OF[job.artifact]]))
        return honest(job)

    return answer


def timed(world):
    return [RECIPE_OF.get(job.artifact) for job in world.runner.jobs if isinstance(job, BenchJob)]


def test_a_build_that_is_too_large_to_be_as_fast_as_asked_is_not_timed(tmp_path):
    fast = Policy(gates=(Gate(metric="decode_tok_s", at_least=100.0),))
    world, run = ask(tmp_path, replace(QUICK, policy=fast), at({"int8": 20.0}))
    assert set(timed(world)) == {"int8", None}
    left = run.trial("llamacpp/int4")
    assert left.status is Status.SKIPPED
    assert sentence(left.reason) == "40.0 tokens/s predicted from its size; the gate requires 100.0 tokens/s"
    assert run.trial("llamacpp/fp32").status is Status.AUXILIARY


def test_a_build_that_is_too_slow_alone_is_neither_scored_nor_compared(tmp_path):
    fast = Policy(gates=(Gate(metric="decode_tok_s", at_least=50.0),))
    world, run = ask(tmp_path, replace(QUICK, policy=fast), at({"int8": 45.0, "int4": 90.0}))
    assert run.best.id == "llamacpp/int4"
    assert timed(world).count("int8") == 1
    slow = run.trial("llamacpp/int8")
    assert slow.status is Status.SKIPPED
    assert sentence(slow.reason) == "45.0 tokens/s in one short block; the gate requires 50.0 tokens/s"


def test_a_build_that_was_fast_enough_alone_and_not_beside_the_original_is_confirmed(tmp_path):
    speeds = iter([60.0, 48.0])

    def answer(job):
        if isinstance(job, BenchJob) and job.worker != "fake.torch" and RECIPE_OF[job.artifact] == "int8":
            return BenchResult(block=block(next(speeds, 60.0)))
        return honest(job)

    fast = Policy(gates=(Gate(metric="decode_tok_s", at_least=50.0),))
    _, run = ask(tmp_path, replace(QUICK, policy=fast), answer)
    assert run.best.id == "llamacpp/int8"
    assert run.best.confirmed


def test_a_confirmed_build_whose_figures_keep_every_gate_is_the_answer_though_one_stays_open(tmp_path):
    speeds = iter([60.0, 60.0, 40.0, 60.0, 62.0, 63.0])

    def swinging(job):
        if isinstance(job, BenchJob) and RECIPE_OF.get(job.artifact) == "int8":
            return BenchResult(block=block(next(speeds, 60.0)))
        return honest(job)

    fast = Policy(gates=(Gate(metric="decode_tok_s", at_least=50.0),))
    world, run = ask(tmp_path, replace(QUICK, policy=fast), swinging)
    assert run.best.id == "llamacpp/int8"
    assert run.provisional
    assert "int4" not in timed(world)
    assert sentence(run.trial("llamacpp/int4").reason).startswith(
        "llamacpp/int8 was confirmed first, and its values are within every gate"
    )


def test_where_every_build_is_too_slow_alone_the_fastest_is_compared_after_all(tmp_path):
    fast = Policy(gates=(Gate(metric="decode_tok_s", at_least=50.0),))
    _, run = ask(tmp_path, replace(QUICK, policy=fast), at({"int8": 40.0, "int4": 45.0, "fp32": 10.0}))
    assert "decode_tok_s" in run.trial("llamacpp/int4").values
    assert run.trial("llamacpp/int8").status is Status.SKIPPED
    assert not {t.status for t in run.trials} & {Status.PLANNED, Status.SCORED, Status.BUILT}


def test_where_only_an_inaccurate_build_is_fast_enough_the_fastest_accurate_one_is_recommended_provisionally(
    tmp_path,
):
    both = (Gate(metric="decode_tok_s", at_least=50.0), Gate(metric="accuracy_retained", at_least=0.95))

    def wavering(job):
        if isinstance(job, BenchJob) and RECIPE_OF.get(job.artifact) == "int8":
            speed = next(speeds, 52.0)
            return BenchResult(block=block(speed))
        return at({"int4": 90.0, "fp32": 10.0})(job)

    speeds = iter([45.0, 45.0, 40.0, 60.0, 40.0, 60.0])
    _, run = ask(tmp_path, replace(QUICK, policy=Policy(gates=both)), wavering)
    assert run.trial("llamacpp/int4").outcome == "fail"
    assert run.best.id == "llamacpp/int8"
    assert run.provisional


@pytest.mark.parametrize(
    "request_",
    [
        replace(QUICK, policy=Policy(prefer={"speed": 1.0})),
        replace(QUICK, only=("llamacpp/*",)),
        REQUEST,
    ],
)
def test_with_wishes_of_ones_own_or_in_full_every_build_is_compared(tmp_path, request_):
    _, run = ask(tmp_path, request_)
    assert run.best is not None
    assert run.trial("llamacpp/int4").status is not Status.UNTRIED


def test_with_two_frameworks_every_build_is_compared(tmp_path):
    _, run = ask(tmp_path, backends=("openvino", "llamacpp"))
    assert not [t for t in run.trials if t.status is Status.UNTRIED]


def test_the_same_question_again_does_nothing_anew(tmp_path):
    first, before = ask(tmp_path)
    second = World(tmp_path, request=QUICK, backends=("llamacpp",))
    second.journal.kept = first.journal.kept
    assert second.run().choice == before.choice
    assert second.runner.count(BuildJob) == second.runner.count(BenchJob) == 0
