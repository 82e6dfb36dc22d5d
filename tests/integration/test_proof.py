"""A source made of a GGUF file is the file's model, or the run stops."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgewright.api import evaluate
from edgewright.app.intake.proving import proven
from edgewright.app.intake.sources import source_of
from edgewright.app.steps.assess import assess
from edgewright.app.steps.build import build
from edgewright.core import knowledge
from edgewright.core.model.facts import Source
from edgewright.core.recipe.artifact import Artifact
from edgewright.errors import UnprovenError
from edgewright.inputs.config import evaluation_text
from edgewright.inputs.models import Trust, locate
from edgewright.sites.local.digests import tree_digest
from tests.integration.rewriting import rewrite_tensors

pytestmark = pytest.mark.integration
TEXT = evaluation_text(None).content


@pytest.fixture(scope="module")
def files(lab, toolchains, smollm2, tmp_path_factory) -> dict[str, Path]:
    """GGUF files of the tiny models, made by llama.cpp's own converter."""
    out = tmp_path_factory.mktemp("proof")
    python = Path(toolchains["torch"].path) / "venv" / "bin" / "python"
    script = Path(__file__).with_name("proof_models.py")
    subprocess.run([python, script, out, smollm2.path], check=True, capture_output=True)
    backend, made = lab.context.backend("llamacpp"), {}
    for name in ("qwen2", "gemma3", "stablelm"):
        source = source_of(lab.context, locate(str(out / name), offline=True, trust=Trust()), Trust())
        recipe = backend.recipes(source.facts)[0]
        artifact = build(lab.context, source, recipe, None, lab.context.logs / "proof.log")
        assert isinstance(artifact, Artifact), artifact
        made[name] = out / f"{name}.gguf"
        shutil.copyfile(Path(artifact.path) / "model.gguf", made[name])
    return made


def intake(lab, file: Path) -> Source:
    return source_of(lab.context, locate(str(file), offline=True, trust=Trust()), Trust())


@pytest.mark.parametrize("name", ["qwen2", "gemma3"])
def test_a_right_intake_is_proven_and_says_by_how_much(lab, files, name):
    proof = intake(lab, files[name]).proof
    assert proof is not None
    assert proof.holds
    assert proof.framework == "llamacpp"
    assert proof.source_perplexity == pytest.approx(proof.file_perplexity, rel=0.02)


def test_a_file_that_is_not_mapped_is_the_original_in_llama_cpp(lab, files):
    source = intake(lab, files["stablelm"])
    assert source.facts.gguf is not None
    assert "stablelm" in source.facts.gguf.unmapped
    assert source.proof is None
    state = {name: lab.context.toolchains.state(spec) for name, spec in lab.context.specs.items()}
    host, target = lab.context.probe.host(brief=True), knowledge.target("this-machine")
    seen = assess(
        "it", source.facts, host, target, list(lab.environment.backends.values()), state, context=64
    )
    assert [one.fit.framework for one in seen.frameworks if one.fit.works] == ["llamacpp"]
    refused = next(one.fit for one in seen.frameworks if one.fit.framework == "onnx")
    assert "stablelm is not mapped to Transformers" in refused.reasons[0]
    found = evaluate(str(files["stablelm"]), tokens=256, context=128)
    assert (found.runtime, found.tokens) == ("llamacpp", 256)


def configured(**changes):
    def change(root: Path) -> None:
        place = root / "config.json"
        place.write_text(json.dumps(json.loads(place.read_text()) | changes))

    return change


def weighed(change):
    def rewrite(root: Path) -> None:
        rewrite_tensors(root / "model.safetensors", change)

    return rewrite


def swapped(tensors) -> None:
    one, other = (f"model.layers.{layer}.mlp.up_proj.weight" for layer in (0, 1))
    tensors[one], tensors[other] = tensors[other].copy(), tensors[one].copy()


def emptied(name: str):
    def change(tensors) -> None:
        tensors[name] = np.zeros_like(tensors[name])

    return change


def shifted(tensors) -> None:
    for name in tensors:
        if name.endswith("input_layernorm.weight"):
            tensors[name] = tensors[name] + 1.0


def other_tokenizer(root: Path) -> None:
    place = root / "tokenizer.json"
    known = json.loads(place.read_text())
    known["pre_tokenizer"] = {
        "type": "ByteLevel",
        "add_prefix_space": True,
        "trim_offsets": True,
        "use_regex": True,
    }
    place.write_text(json.dumps(known))


ROPE = {"rope_type": "default", "rope_theta": 10000.0}
UNSCALED = {"full_attention": {"rope_type": "default", "rope_theta": 1e6}, "sliding_attention": ROPE}
ONE_BASE = {
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
    "sliding_attention": {"rope_type": "default", "rope_theta": 1e6},
}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param("qwen2", configured(rope_parameters=ROPE, rope_theta=10000.0), id="rope base"),
        pytest.param("qwen2", weighed(swapped), id="swapped tensors"),
        pytest.param(
            "qwen2", weighed(emptied("model.layers.1.self_attn.o_proj.weight")), id="dropped tensor"
        ),
        pytest.param("qwen2", weighed(emptied("model.layers.0.self_attn.k_proj.bias")), id="dropped bias"),
        pytest.param("qwen2", other_tokenizer, id="tokenizer kind"),
        pytest.param("gemma3", configured(rope_parameters=UNSCALED, rope_scaling=None), id="rope scaling"),
        pytest.param(
            "gemma3", configured(rope_parameters=ONE_BASE, rope_local_base_freq=1e6), id="local rope base"
        ),
        pytest.param("gemma3", configured(sliding_window=4096), id="window"),
        pytest.param("gemma3", weighed(shifted), id="norm offset"),
    ],
)
def test_an_intake_that_is_wrong_in_one_place_is_caught(lab, files, tmp_path, name, fault):
    right = intake(lab, files[name])
    wrong = tmp_path / "source"
    shutil.copytree(right.path, wrong)
    fault(wrong)
    source = replace(right, path=str(wrong), digest=tree_digest(wrong), proof=None)
    with pytest.raises(UnprovenError):
        proven(lab.context, source, TEXT)
