"""A model that the reference computes wrongly is not an original."""

import pytest

from edgewright.core.model.reference_faults import reference_fault

YARN = {"rope_type": "yarn", "factor": 8.0}


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "olmo3"},
        {"model_type": "olmo3", "rope_parameters": {"rope_type": "default"}},
        {"model_type": "olmo3", "rope_parameters": YARN, "layer_types": ["full_attention"]},
        {"model_type": "llama", "rope_parameters": YARN},
    ],
)
def test_most_models_have_an_original(config):
    assert not reference_fault(config)


@pytest.mark.parametrize("key", ["rope_parameters", "rope_scaling"])
def test_olmo3_with_scaled_rope_has_none(key):
    assert "sliding-window layers" in reference_fault({"model_type": "olmo3", key: YARN})
