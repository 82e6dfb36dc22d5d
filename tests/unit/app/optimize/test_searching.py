"""A search on fakes: what is tried, what is not and why, budgets, resuming."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgewright.app.optimize.tune import fewer_threads
from edgewright.core.device.host import Accelerator
from edgewright.core.jobs.requests import BenchJob, BuildJob, ScoreJob
from edgewright.core.jobs.results import BenchResult, ScoreResult
from edgewright.core.measurement.text import Text
from edgewright.core.recipe.allocation import WeightType
from edgewright.core.recipe.recipes import Precision
from edgewright.core.recipe.space import Acceleration, Family, Space, Storage, candidates
from edgewright.core.run import Status
from edgewright.report.sentences import sentence
from edgewright.testing import block, scores
from tests.world import HOST, RECIPE_OF, REQUEST, World, by_id, is_held_out

BITS = {"int8": 8.0, "w7": 7.0, "w6": 6.0, "w5": 5.0, "w4": 4.0, "w3": 3.0, "w2": 2.0}


def family(name, bits):
    precision = Precision.INT8 if bits > 6 else Precision.INT4
    return Family(name=name, precision=precision, base="fp32", bits=bits, rounding_bits=bits)


def space_of(framework):
    everywhere = [family(name, bits) for name, bits in BITS.items()]
    elsewhere = replace(family("w4learned", 4.0), needs=("system=Nowhere",))
    return Space(
        start=("int8",),
        unquantized=Storage(bits=32.0, rounding_bits=32.0),
        candidates=candidates(framework, [*everywhere, elsewhere]),
    )


def by_bits(job):
    """Fewer bits are faster, smaller and worse; 2 and 3 bits are of no use."""
    name = RECIPE_OF.get(getattr(job, "artifact", ""), "")
    bits = BITS.get(name)
    if isinstance(job, ScoreJob) and not job.write_reference and bits is not None:
        right = 0.30 if bits < 4 else 0.495
        return ScoreResult(scores=scores(100 * 4.0**-bits, right=right))
    if isinstance(job, BenchJob) and job.worker != "fake.torch":
        bits = bits or 32.0
        return BenchResult(block=block(1000.0 / (bits + 2), peak_bytes=int(2e7 * bits)))
    return None


def world(tmp_path, *, answer=by_bits, **budget):
    request = replace(REQUEST, **(budget or {"budget_trials": 40}))
    return World(tmp_path, answer=answer, request=request, backends=("openvino",), space=space_of)


def test_a_search_tries_what_promises_and_says_why_the_rest_was_left(tmp_path):
    run = world(tmp_path).run()
    trials = by_id(run)
    assert run.best is not None
    tried = [t for t in trials.values() if t.status is Status.MEASURED]
    left = [t for t in trials.values() if t.status is Status.UNTRIED]
    assert {t.recipe.name for t in tried} >= {"fp32", "int8", "w4"}
    assert all(t.reason for t in left)
    assert sentence(trials["openvino/w4learned"].reason) == "takes too long on a host without system=Nowhere"
    proposed = trials["openvino/w4"]
    assert proposed.predicted["decode_tok_s"].label == "estimated"
    assert proposed.predicted.keys() >= {"size_bytes", "kl_divergence", "peak_bytes"}


def test_a_device_is_tried_on_the_best_build_of_each_framework_that_drives_it(tmp_path):
    """On the processor OpenVINO's builds lead; on the GPU, which ONNX Runtime's plugin drives here, the other is first."""
    gpu = Acceleration(options={"provider": "gpu"}, needs=("GPU=any",))

    def space(framework):
        found = space_of(framework)
        return replace(found, accelerations=(gpu,)) if framework == "onnx" else found

    def answer(job):
        if isinstance(job, BenchJob) and job.worker == "fake.onnx":
            return BenchResult(block=block(400.0 if job.runtime.get("provider") else 60.0))
        return by_bits(job)

    card = Accelerator(kind="GPU", name="a card", vendor="AMD", memory_bytes=None, found_by="sysfs")
    request = replace(REQUEST, budget_trials=6)
    of = World(tmp_path, answer=answer, request=request, backends=("openvino", "onnx"), space=space)
    run = of.run(host=replace(HOST, accelerators=(card,)))
    moved = [trial for trial in run.trials if trial.recipe.runtime.get("provider") == "gpu"]
    assert {trial.recipe.framework for trial in moved} == {"onnx"}
    assert run.best is not None
    assert run.best.id == moved[0].id
    assert not any(t.recipe.runtime.get("provider") for t in world(tmp_path / "without").run().trials)


def test_memory_foretold_of_an_allocation_knows_the_types_that_it_got(tmp_path):
    """Also of the first one, whose types are not known before it is chosen."""

    def first_peak(folder, packed_bits):
        types = tuple(
            WeightType(name=f"w{bits}", bits=bits, multiple=1, rounding_bits=bits, packed_bits=packed_bits)
            for bits in (3.0, 8.0)
        )
        text = Text(name="text", content=" ".join(f"fox {n} jumps" for n in range(200)), sha256="s")
        request = replace(REQUEST, budget_trials=40, text=text)
        of = World(
            folder, answer=by_bits, request=request, backends=("openvino",), space=space_of, types=types
        )
        first = next(trial for trial in of.run().trials if "/mixed" in trial.id)
        return first.predicted["peak_bytes"].value

    weights_in_layers = 2 * 64 * 32
    more = first_peak(tmp_path / "packs", 1000.0) - first_peak(tmp_path / "plain", 0.0)
    assert more == pytest.approx(weights_in_layers * 1000.0 / 8)


def test_a_build_that_fails_on_the_first_window_is_not_scored_further_nor_timed(tmp_path):
    world_of = world(tmp_path, budget_trials=20)
    run = world_of.run()
    lost = [t for t in run.trials if sentence(t.reason).startswith("stopped after")]
    for trial in lost:
        assert trial.status is Status.SKIPPED
        assert trial.blocks == 0
    timed = {
        RECIPE_OF[j.artifact]
        for j in world_of.runner.jobs
        if isinstance(j, BenchJob) and j.artifact in RECIPE_OF
    }
    assert not timed & {"w2", "w3"}


def test_a_budget_of_trials_is_kept(tmp_path):
    world_of = world(tmp_path, budget_trials=4)
    run = world_of.run()
    built = {
        job.recipe.name
        for job in world_of.runner.jobs
        if isinstance(job, BuildJob) and "tiny" not in job.source
    }
    assert len(built) <= 4
    assert any("budget was used" in sentence(t.reason) for t in run.trials if t.status is Status.UNTRIED)


def test_the_same_command_again_redoes_nothing(tmp_path):
    first = world(tmp_path)
    run = first.run()
    again = world(tmp_path)
    again.journal = first.journal
    repeated = again.run()
    assert not [j for j in again.runner.jobs if isinstance(j, BuildJob | BenchJob)]
    assert {t.id: t.status for t in repeated.trials} == {t.id: t.status for t in run.trials}


def test_another_seed_is_another_search_and_the_same_seed_the_same(tmp_path):
    def order(seed, folder):
        one = world(tmp_path / folder, budget_trials=5, seed=seed)
        one.run()
        return [j.recipe.name for j in one.runner.jobs if isinstance(j, BuildJob)]

    assert order(1, "a") == order(1, "b")


def test_held_out_text_still_decides(tmp_path):
    def overfitted(job):
        return ScoreResult(scores=scores(1.0, right=0.2)) if is_held_out(job) else by_bits(job)

    assert world(tmp_path, answer=overfitted).run().best is None


def test_without_a_budget_nothing_but_the_start_is_tried(tmp_path):
    run = World(tmp_path, answer=by_bits, backends=("openvino",), space=space_of).run()
    assert {t.recipe.name for t in run.trials} == {"fp32", "int8", "int4"}


def test_beyond_the_quota_beaten_builds_are_dropped_and_not_built_again(tmp_path):
    first = world(tmp_path, budget_trials=40, disk_bytes=1500.0)
    run = first.run()
    dropped = [t for t in run.trials if t.deleted]
    assert dropped
    assert all(t.values for t in dropped)
    assert not any(Path(t.artifact.path).exists() for t in dropped)
    assert run.best is not None
    assert Path(run.best.artifact.path).exists()
    again = world(tmp_path, budget_trials=40, disk_bytes=1500.0)
    again.journal = first.journal
    assert again.run().choice == run.choice
    assert not [j for j in again.runner.jobs if isinstance(j, BuildJob)]


@pytest.mark.parametrize(
    ("physical", "usable", "tried"),
    [(8, 16, [8, 4]), (8, 8, [4]), (8, 4, [2]), (2, 2, [1]), (1, 2, [1]), (1, 1, []), (0, 2, [])],
)
def test_fewer_threads_are_one_a_physical_core_and_half_of_that(physical, usable, tried):
    assert fewer_threads(replace(HOST.cpu, physical_cores=physical, usable_cores=usable)) == tried


def test_fewer_threads_that_decode_faster_are_kept(tmp_path):
    def answer(job):
        given = by_bits(job)
        if isinstance(job, BenchJob) and job.runtime.get("threads") == 1 and given is not None:
            return BenchResult(block=block(2000.0, peak_bytes=given.block.memory.peak_bytes))
        return given

    run = world(tmp_path, answer=answer).run()
    assert run.best is not None
    assert run.best.recipe.runtime == {"threads": 1}
