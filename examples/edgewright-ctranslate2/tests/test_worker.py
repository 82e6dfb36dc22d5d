"""What the child half refuses, before it imports a framework."""

import json

import pytest
from edgewright.core.jobs.requests import BuildJob
from edgewright.errors import InputError, UnsupportedError, UsageError
from edgewright.testing.samples import facts

from edgewright_ctranslate2 import CTranslate2Backend
from edgewright_ctranslate2.worker import WORKER

LLAMA_3 = {"rope_type": "llama3", "factor": 8.0}


def build(source, **config):
    (source / "config.json").write_text(json.dumps(config))
    recipe = CTranslate2Backend().recipes(facts())[0]
    job = BuildJob(worker="", source=str(source), recipe=recipe, out=str(source / "out"))
    return WORKER.build(job, lambda _: None)


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({}, InputError, "model_type"),
        ({"model_type": "mamba"}, UnsupportedError, "model type mamba .*llama, qwen2, qwen3"),
        (
            {"model_type": "llama", "rope_parameters": LLAMA_3},
            UnsupportedError,
            "kind llama3 .*default, linear",
        ),
        ({"model_type": "llama", "rope_scaling": {"type": "yarn"}}, UnsupportedError, "kind yarn"),
        ({"model_type": "llama", "rope_scaling": None}, InputError, "tokenizer.json"),
    ],
)
def test_a_source_that_would_come_out_wrong_or_not_at_all_is_refused_with_the_reason(
    tmp_path, config, error, said
):
    with pytest.raises(error, match=said) as caught:
        build(tmp_path, **config)
    assert caught.value.hint


def test_an_artifact_without_its_model_is_named(tmp_path):
    with pytest.raises(InputError, match=r"holds no model\.bin"):
        WORKER.open(tmp_path, {})


def test_an_unknown_runtime_option_is_refused(tmp_path):
    with pytest.raises(UsageError, match="CTranslate2 has no runtime option speed"):
        WORKER.open(tmp_path, {"speed": 11})
