"""One sensitivity table, and in every framework a build whose tensors have the types that were allocated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewright.app.steps.build import build
from edgewright.app.steps.score import score
from edgewright.app.steps.sensitivity import sensitivity
from edgewright.app.steps.type_speed import type_speed
from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import Failure
from edgewright.core.recipe.allocation import allocate, options_of, stored_weights
from edgewright.core.recipe.recipes import SCORING_RUNTIME
from edgewright.tasks.text_generation.scoring import scoring_of

pytestmark = pytest.mark.integration

IDS = 64


@pytest.fixture(scope="module")
def table(lab, toolchains, tiny, calibration):
    found = sensitivity(lab.context, tiny, calibration.ids, lab.context.logs / "sensitivity.log")
    assert not hasattr(found, "failure"), found
    return found


def test_fewer_bits_cost_more_in_every_group_and_all_groups_are_there(table, tiny):
    names = {curve.group.name for curve in table.curves}
    assert {"embedding", "head", "model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj"} <= names
    assert len(names) == 2 + 2 * 7
    for curve in table.curves:
        costs = {cost.bits: cost.kl for cost in curve.costs}
        assert costs[2] > costs[4] > costs[8] > 0.0, curve.group.name
    assert table.curves[0].group.weights > 0


def test_a_table_that_is_done_starts_no_process(lab, table, tiny, calibration):
    class Nobody:
        def run(self, *_, **__):
            raise AssertionError("a job was started")

    context = replace(lab.context, runner=Nobody())
    assert sensitivity(context, tiny, calibration.ids, lab.context.logs / "again.log") == table


@pytest.fixture(scope="module")
def reference(lab, toolchains, tiny, calibration):
    job = ScoreJob(
        worker=lab.context.reference.worker,
        artifact=tiny.path,
        runtime=SCORING_RUNTIME,
        ids=calibration.ids[-IDS:],
        context=IDS,
    )
    log = lab.context.logs / "mixtures.log"
    answer = score(
        lab.context,
        lab.context.reference,
        scoring_of(job),
        identity=tiny.digest,
        log=log,
        keep_reference=True,
    )
    assert isinstance(answer, tuple), answer
    return answer[1]


@pytest.mark.parametrize("framework", ["llamacpp", "openvino", "onnx", "mlx"])
def test_an_allocation_is_built_at_the_size_it_says_and_runs(
    lab, table, tiny, calibration, reference, framework
):
    backend = lab.context.backend(framework)
    log = lab.context.logs / f"{framework}-mixed.log"
    base = build(lab.context, tiny, backend.recipes(tiny.facts)[0], None, log)
    assert not hasattr(base, "failure"), base
    mixture = backend.mixture(tiny.facts)
    options = options_of(table, mixture.types, shared_ends=mixture.shared_ends)
    ends = [sum(end(o.size_bytes for o in choices) for choices in options.values()) for end in (min, max)]
    found = allocate(options, sum(ends) / 2)
    assert len(set(found.types.values())) > 1, "one type for all would show nothing"
    recipe = replace(mixture.template, build={**mixture.template.build, "types": found.spelled})
    artifact = build(lab.context, tiny, recipe, base if recipe.base else None, log, calibration)
    assert not hasattr(artifact, "failure"), artifact
    rest = base.manifest.weight_bytes - stored_weights(table, options) * mixture.unquantized_bits / 8
    print(f"{framework}: predicted {found.size_bytes + rest:.0f} bytes, got {artifact.manifest.weight_bytes}")
    assert artifact.manifest.weight_bytes == pytest.approx(found.size_bytes + rest, rel=0.02)
    job = ScoreJob(
        worker=backend.worker,
        artifact=artifact.path,
        runtime=recipe.runtime,
        ids=calibration.ids[-IDS:],
        context=IDS,
    )
    scored = score(
        lab.context, backend, scoring_of(job), identity=artifact.manifest.key, log=log, reference=reference
    )
    assert isinstance(scored, tuple), scored
    print(f"{framework}: predicted KL {found.kl:.2e}, measured {scored[0].kl_mean:.2e}")
    assert scored[0].kl_mean < 20 * found.kl + 1e-4


@pytest.mark.alone
def test_llama_cpp_times_the_types_of_weights_once(lab, toolchains):
    backend = lab.environment.backends["llamacpp"]
    log = lab.context.logs / "types.log"
    first = type_speed(lab.context, backend, ["Q8_0", "Q4_0"], "this host", log)
    assert not isinstance(first, Failure), first.reason
    assert set(first) == {"Q8_0", "Q4_0"}
    assert all(1e-13 < seconds < 1e-8 for seconds in first.values())
    # Measured once: a second measurement would not repeat every digit.
    assert type_speed(lab.context, backend, ["Q8_0", "Q4_0"], "this host", log) == first


def test_a_runtime_that_cannot_time_its_types_says_nothing_of_them(lab, toolchains):
    backend = lab.environment.backends["mlx"]
    assert type_speed(lab.context, backend, ["4g64"], "this host", lab.context.logs / "types.log") == {}
