"""Every kind of ONNX build computes the logits of a prompt's last token only; scoring gets all, of the same numbers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import edgewright
from edgewright.app.steps.build import build
from edgewright.core.jobs.results import Failure
from edgewright.sites.local.children import child_environment
from edgewright.sites.local.venv import python_of

pytestmark = pytest.mark.integration

WAYS = ("fp32", "int4", "int8_dynamic")
PROMPT = 40


@pytest.fixture(scope="module")
def answer(lab, tiny, toolchains, tmp_path_factory):
    backend = lab.environment.backends["onnx"]
    recipes = {recipe.name: recipe for recipe in backend.recipes(tiny.facts)}
    recipes |= {c.recipe.name: c.recipe for c in backend.space(tiny.facts).candidates}
    artifacts = {}
    for name in WAYS:
        made = build(lab.context, tiny, recipes[name], None, lab.context.logs / f"onnx-{name}-tiny.log")
        assert not isinstance(made, Failure), made
        artifacts[name] = made.path
    request = {
        "package": str(Path(edgewright.__file__).parent),
        "artifacts": artifacts,
        "out": str(tmp_path_factory.mktemp("foreign") / "out"),
        "ids": np.random.default_rng(0).integers(10, 40_000, PROMPT).tolist(),
    }
    done = subprocess.run(
        [python_of(Path(toolchains["onnx"].path)), "-P", Path(__file__).with_name("probe_logits.py")],
        input=json.dumps(request),
        env=child_environment(toolchains["onnx"].environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("way", WAYS)
def test_a_prompt_computes_the_logits_of_its_last_token(answer, way):
    seen = answer["builds"][way]
    assert (seen["spared"], seen["every"]) == (1, PROMPT)
    # A scale found for 40 rows is another than one found for the last alone; all else is the same arithmetic.
    assert seen["difference"] < (0.5 if way == "int8_dynamic" else 1e-4), seen


def test_a_graph_of_another_tool_scores_and_generates_the_same(answer):
    assert answer["foreign"]["same_ids"]
    assert answer["foreign"]["rows"] == PROMPT
    assert answer["foreign"]["difference"] < 1e-4
