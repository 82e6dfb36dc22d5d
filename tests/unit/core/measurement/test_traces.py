import numpy as np

from edgewright.core.measurement.traces import first_difference
from edgewright.report.sentences import sentence

RNG = np.random.default_rng(3)
LAYERS = {number: RNG.standard_normal((5, 8)).astype(np.float32) for number in range(4)}


def test_the_first_layer_that_differs_is_named():
    other = {**LAYERS, 2: LAYERS[2] * 1.5, 3: LAYERS[3] * 0.0}
    found = first_difference(LAYERS, other)
    assert sentence(found) == "layer 2 of 4 is the first that differs, by 50% of its output"


def test_rounding_is_no_difference():
    other = {number: (layer * 1.001).astype(np.float32) for number, layer in LAYERS.items()}
    assert first_difference(LAYERS, other).code == "layers_agree"


def test_without_a_layer_in_common_nothing_is_claimed():
    assert first_difference(LAYERS, {}).code == "no_common_layer"


def test_another_width_is_named():
    assert first_difference(LAYERS, {0: np.ones((5, 4))}).code == "layer_shape"
