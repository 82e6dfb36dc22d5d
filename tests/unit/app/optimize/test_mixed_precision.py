"""Builds of a size that was asked for, and builds that are made from what was observed."""

from dataclasses import replace

from edgewright.core.jobs.requests import BuildJob, ScoreJob, SensitivityJob, TypeSpeedJob
from edgewright.core.jobs.results import Failure, FailureKind, ScoreResult
from edgewright.core.measurement.text import Text
from edgewright.core.recipe.allocation import WeightType
from edgewright.core.run import Status
from edgewright.report.sentences import sentence
from edgewright.testing import facts, scores
from tests.world import RECIPE_OF, REQUEST, World, by_id, honest

TYPES = (
    WeightType(name="small", bits=4.0, multiple=32, rounding_bits=4.0),
    WeightType(name="large", bits=8.0, multiple=32, rounding_bits=8.0),
)
LONG = replace(
    REQUEST, text=Text(name="text", content=" ".join(f"fox {n} jumps" for n in range(200)), sha256="s")
)
WEIGHTS = 3 * 64 * 32


def asking(mean_bits):
    return replace(LONG, target_bytes=WEIGHTS * mean_bits / 8)


def test_a_size_that_is_asked_for_gets_a_build_in_each_framework_from_one_table(tmp_path):
    world = World(tmp_path, types=TYPES, request=asking(6.0))
    trials = by_id(world.run())
    mixed = [trial for name, trial in trials.items() if "/mixed" in name]
    assert {trial.recipe.framework for trial in mixed} == {"openvino", "llamacpp"}
    assert all(trial.status is Status.MEASURED for trial in mixed)
    assert world.runner.count(SensitivityJob) == 1
    trial = mixed[0]
    types = dict(part.split("=") for part in str(trial.recipe.build["types"]).split(";"))
    assert set(types.values()) == {"small", "large"}
    assert types["embedding"] == "large"  # two uses of one matrix: it costs twice as much
    assert trial.predicted["size_bytes"].value <= WEIGHTS * 6.0 / 8
    assert trial.predicted["kl_divergence"].label == "estimated"


def test_bits_per_weight_are_another_way_to_ask(tmp_path):
    bits = WEIGHTS * 8.0 / facts().parameters
    trials = by_id(World(tmp_path, types=TYPES, request=replace(LONG, target_bpw=bits)).run())
    assert any("/mixed" in name for name in trials)


def test_a_size_that_no_allocation_reaches_is_a_note(tmp_path):
    run = World(tmp_path, types=TYPES, request=asking(3.0)).run()
    assert not any("/mixed" in trial.id for trial in run.trials)
    assert any("no allocation is as small" in sentence(note) for note in run.notes)


def test_the_smallest_that_keeps_the_accuracy_is_found_by_growing(tmp_path):
    def lossy(job):
        if isinstance(job, ScoreJob) and not job.write_reference:
            name = RECIPE_OF.get(job.artifact, "")
            if name.startswith("mixed"):
                size = float(name.removeprefix("mixed_").removesuffix("mb"))
                return ScoreResult(scores=scores(0.01, right=0.495 if size > 0.004 else 0.3))
        return honest(job)

    request = replace(LONG, smallest=True)
    run = World(tmp_path, types=TYPES, request=request, answer=lossy, backends=("openvino",)).run()
    mixed = [t for t in run.trials if "/mixed" in t.id]
    assert len(mixed) > 1
    sizes = [t.predicted["size_bytes"].value for t in mixed]
    assert sizes == sorted(sizes)
    assert mixed[-1].values["accuracy_retained"].value > 0.95


def test_types_that_should_have_been_timed_and_were_not_are_a_note(tmp_path):
    def full(job):
        if isinstance(job, TypeSpeedJob):
            return Failure(failure=FailureKind.RESOURCE, reason="No space left on device.")
        return honest(job)

    run = World(tmp_path, types=TYPES, request=asking(6.0), answer=full).run()
    assert any("/mixed" in trial.id for trial in run.trials)
    assert "llamacpp: allocations ignore speed: No space left on device." in map(sentence, run.notes)


def test_without_a_wish_nothing_is_measured_for_it(tmp_path):
    world = World(tmp_path, types=TYPES, request=LONG)
    world.run()
    assert world.runner.count(SensitivityJob) == 0


def test_a_text_too_short_to_calibrate_on_is_a_note(tmp_path):
    run = World(tmp_path, types=TYPES, request=replace(asking(6.0), calibration_tokens=10)).run()
    assert any("tokens for calibration" in sentence(note) for note in run.notes)


def test_what_others_are_made_from_is_built_once_and_never_measured(tmp_path):
    world = World(tmp_path, observed=True, request=LONG)
    run = world.run()
    observed = by_id(run)["openvino/observed"]
    assert observed.status is Status.AUXILIARY
    assert not observed.values.get("decode_tok_s")
    jobs = [j for j in world.runner.jobs if isinstance(j, BuildJob) and j.recipe.id == "openvino/observed"]
    assert len(jobs) == 1
    assert jobs[0].calibration.text.encode() == bytes(jobs[0].calibration.ids)
    assert by_id(run)["openvino/int8"].artifact.recipe.base == "observed"


def test_where_it_cannot_be_made_builds_go_without_it(tmp_path):
    def refuse(job):
        if isinstance(job, BuildJob) and job.recipe.name == "observed":
            return Failure(failure=FailureKind.FAILED, reason="no")
        return honest(job)

    run = World(tmp_path, observed=True, answer=refuse, request=LONG).run()
    assert by_id(run)["openvino/int8"].status is Status.MEASURED
    assert any("other builds are made without it" in sentence(note) for note in run.notes)
