import pytest

from edgewright.core.model.lengths import turning_points, validation_lengths


@pytest.mark.parametrize(
    ("config", "points"),
    [
        ({"max_position_embeddings": 4096}, ()),
        ({"sliding_window": 4096}, (4096,)),
        ({"sliding_window": 4096, "use_sliding_window": False}, ()),
        ({"sliding_window": 512, "layer_types": ["full_attention"]}, ()),
        ({"sliding_window": 512, "layer_types": ["sliding_attention", "full_attention"]}, (512,)),
        ({"rope_parameters": {"rope_type": "longrope"}, "original_max_position_embeddings": 256}, (256,)),
        ({"rope_scaling": {"type": "su", "original_max_position_embeddings": 128}}, (128,)),
        ({"rope_scaling": {"rope_type": "llama3", "original_max_position_embeddings": 8192}}, ()),
        ({"text_config": {"sliding_window": 32}}, (32,)),
    ],
)
def test_a_model_changes_where_its_config_says_so(config, points):
    assert turning_points(config) == points


@pytest.mark.parametrize("points", [(), (16,), (256,), (512,), (4096,), (100, 4096)])
def test_windows_lie_on_both_sides_of_every_point(points):
    lengths = validation_lengths(points)
    for point in points:
        assert min(lengths) < point < max(lengths)


def test_a_point_out_of_reach_costs_nothing():
    assert validation_lengths((131072,)) == validation_lengths(())
