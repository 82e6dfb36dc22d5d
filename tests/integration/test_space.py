"""What a search may build: one candidate for each way of building, made by the real framework, as large as was said before."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.app.steps.build import build
from edgewright.core.jobs.results import Failure
from edgewright.core.recipe.sensitivity import groups_of

pytestmark = pytest.mark.integration

WAYS = (
    "llamacpp/iq4_xs",
    "llamacpp/q2_k",
    "openvino/int8_sym",
    "openvino/int4_sym_g64_awq",
    "openvino/int4_sym_g64_gptq",
    "openvino/int4_sym_g64_lora_correction",
    "openvino/int4_asym_g64_scale_estimation",
    "openvino/int4_sym_g64_80percent",
    "onnx/int8_dynamic",
    "onnx/int4",
    "onnx/int4_k_quant_mixed_b64",
    "onnx/int4_rtn_b128",
    "onnx/int4_b64_gptq",
    "mlx/int2_g64",
    "mlx/int3_g32",
    "mlx/mxfp4",
    "mlx/mixed_3_6_g64",
)


@pytest.fixture(scope="module")
def bases(lab, tiny, calibration, tmp_path_factory):
    """What candidates are made from: the conversion of each framework, and what was observed of it."""
    logs = tmp_path_factory.mktemp("bases")
    made = {}
    for backend in lab.environment.backends.values():
        first, *others = backend.recipes(tiny.facts)
        for recipe in (first, *(other for other in others if other.auxiliary)):
            log = logs / f"{recipe.framework}-{recipe.name}.log"
            artifact = build(lab.context, tiny, recipe, made.get(recipe.base_id), log, calibration)
            assert not isinstance(artifact, Failure), artifact
            made[recipe.id] = artifact
    return made


@pytest.mark.parametrize("way", WAYS)
def test_a_candidate_is_built_and_is_as_large_as_was_said(lab, tiny, bases, calibration, tmp_path, way):
    backend = lab.environment.backends[way.partition("/")[0]]
    space = backend.space(tiny.facts)
    candidate = next(c for c in space.candidates if c.recipe.id == way)
    base = bases.get(candidate.recipe.base_id)
    made = build(lab.context, tiny, candidate.recipe, base, tmp_path / "build.log", calibration)
    assert not isinstance(made, Failure), made
    groups = groups_of(lab.context.files.tensors(Path(tiny.path)), tied=tiny.facts.tied_embeddings)
    plain = bases[backend.recipes(tiny.facts)[0].id]
    said = candidate.storage.matrix_bytes(groups) + space.kept_bytes(groups, plain.manifest.weight_bytes)
    assert made.manifest.weight_bytes == pytest.approx(said, rel=0.02)
