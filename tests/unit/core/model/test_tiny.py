"""The dry run's tiny model keeps every kind of layer that its family has."""

import pytest

from edgewright.core.model.tiny import layers_kept, shrink

W, F = "sliding_attention", "full_attention"


def config(layers, **more):
    usual = {
        "num_hidden_layers": layers,
        "hidden_size": 4096,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "intermediate_size": 14336,
        "vocab_size": 1000,
    }
    return {**usual, **more}


@pytest.mark.parametrize(
    ("kinds", "kept"),
    [
        pytest.param([0] * 32, (0, 1), id="one kind"),
        pytest.param(([W] * 5 + [F]) * 4 + [W, W], (0, 1, 2, 3, 4, 5), id="gemma 3"),
        pytest.param([W, W, W, F] * 8, (0, 1, 2, 3), id="cohere 2, olmo 3"),
        pytest.param([W, F] * 18, (0, 1), id="gpt-oss"),
        pytest.param(["dense"] * 3 + ["sparse"] * 58, (0, 1, 2, 3), id="deepseek v3"),
        pytest.param(["c", "c", "a", "c", "c", "a", "c", "a", "c"], (0, 1, 2), id="lfm2, no period"),
        pytest.param([F] * 28 + [W] * 8, (0, 28), id="windows late"),
        pytest.param([F], (0,), id="one layer"),
    ],
)
def test_every_kind_of_layer_stays(kinds, kept):
    assert layers_kept(kinds) == kept
    assert {kinds[layer] for layer in kept} == set(kinds)


def test_lists_by_layer_and_lists_of_layers_are_cut_alike():
    types = ([W] * 3 + [F]) * 6
    found = shrink(config(24, layer_types=types, no_rope_layers=[1, 1, 1, 0] * 6)).settings
    assert found["num_hidden_layers"] == 4
    assert found["layer_types"] == [W, W, W, F]
    assert found["no_rope_layers"] == [1, 1, 1, 0]


def test_dense_layers_among_sparse_ones_stay():
    found = shrink(config(24, mlp_only_layers=[0, 1, 20], num_experts=128, num_experts_per_tok=8)).settings
    assert found["mlp_only_layers"] == [0, 1]
    assert found["num_hidden_layers"] == 3
    assert found["num_experts"] == 16


def test_layers_of_another_kind_far_behind_move_to_the_front():
    found = shrink(config(40, mlp_only_layers=[30])).settings
    assert found["num_hidden_layers"] == 2
    assert found["mlp_only_layers"] == [1]


def test_a_step_between_sparse_layers_counts_as_a_pattern():
    assert shrink(config(24, decoder_sparse_step=3)).settings["num_hidden_layers"] == 3


def test_first_dense_layers_are_counted_anew():
    found = shrink(
        config(60, first_k_dense_replace=1, n_routed_experts=160, num_experts_per_tok=6, n_group=8)
    )
    assert found.settings["first_k_dense_replace"] == 1
    assert found.settings["num_hidden_layers"] == 2
    assert found.settings["n_routed_experts"] == 16


def test_heads_keep_their_size_and_their_grouping():
    found = shrink(config(32)).settings
    assert (found["num_attention_heads"], found["num_key_value_heads"]) == (8, 2)
    assert found["hidden_size"] == 8 * 128
    assert "head_dim" not in found


def test_a_small_model_keeps_its_widths():
    small = config(
        30, hidden_size=576, num_attention_heads=9, num_key_value_heads=3, head_dim=64, intermediate_size=1536
    )
    assert set(shrink(small).settings) == {"num_hidden_layers"}


def test_widths_that_hang_together_stay():
    hybrid = config(40, mamba_d_head=64, layer_types=["mamba"] * 5 + ["attention"] + ["mamba"] * 34)
    found = shrink(hybrid).settings
    assert "hidden_size" not in found
    assert found["layer_types"] == ["mamba"] * 5 + ["attention"]


def test_as_many_layers_as_asked_for():
    assert shrink(config(32), 6).settings["num_hidden_layers"] == 6
