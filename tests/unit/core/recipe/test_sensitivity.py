"""Tensor groups, and what their curves say between the bits that were measured."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.model.facts import TensorShape
from edgewright.core.recipe.sensitivity import Cost, Curve, Group, Sensitivity, groups_of, members


def tensor(name, *shape):
    return TensorShape(name=name, shape=shape, dtype="f32", stored_bytes=4)


LAYERS = 30
MODEL = [
    tensor("model.embed_tokens.weight", 1000, 64),
    tensor("model.norm.weight", 64),
    *(
        tensor(f"model.layers.{layer}.{role}.weight", rows, row)
        for layer in range(LAYERS)
        for role, rows, row in (("self_attn.q_proj", 64, 64), ("mlp.down_proj", 64, 192))
    ),
    *(tensor(f"model.layers.{layer}.input_layernorm.weight", 64) for layer in range(LAYERS)),
]


def test_every_matrix_is_in_one_group_and_a_tied_one_in_both_ends():
    groups = groups_of(MODEL, tied=True)
    by_name = {group.name: group for group in groups}
    assert by_name["embedding"].tensors == by_name["head"].tensors == ("model.embed_tokens.weight",)
    assert by_name["model.layers.0-2.mlp.down_proj"].tensors == tuple(
        f"model.layers.{layer}.mlp.down_proj.weight" for layer in range(3)
    )
    assert by_name["model.layers.0-2.mlp.down_proj"].row == 192
    inner = [name for group in groups if group.first >= 0 for name in group.tensors]
    assert sorted(inner) == sorted(t.name for t in MODEL if "proj" in t.name)
    assert "head" not in {group.name for group in groups_of(MODEL, tied=False)}


def test_a_groups_name_tells_its_members():
    for group in groups_of(MODEL, tied=True):
        if group.first >= 0:
            assert tuple(f"{name}.weight" for name in members(group.name)) == group.tensors
    assert members("model.layers.7.mlp.up_proj") == ("model.layers.7.mlp.up_proj",)
    assert members("embedding") == ("embedding",)


def curve(*costs):
    group = Group(name="g", tensors=("w",), weights=100, row=32, first=0)
    return Curve(group=group, costs=tuple(Cost(bits=b, kl=k) for b, k in costs))


def test_a_curve_goes_through_what_was_measured_and_between():
    one = curve((8, 1e-4), (4, 1e-2))
    assert one.at(8) == pytest.approx(1e-4)
    assert one.at(4) == pytest.approx(1e-2)
    assert one.at(6) == pytest.approx(1e-3)
    assert one.at(2) == pytest.approx(1e-1)


@given(st.floats(1, 10), st.floats(1, 10))
def test_more_bits_never_cost_more_where_the_measured_ones_do_not(a, b):
    one = curve((2, 0.5), (3, 0.11), (4, 0.02), (6, 1e-3), (8, 8e-5))
    low, high = sorted((a, b))
    assert one.at(low) >= one.at(high) * (1 - 1e-9)


def test_one_measured_point_falls_by_four_a_bit():
    assert curve((4, 0.04)).at(5) == pytest.approx(0.01)
    assert math.isfinite(curve((4, 0.0)).at(2))


def test_what_is_not_named_costs_nothing():
    table = Sensitivity(source="s", curves=(curve((4, 0.02)),), tokens=10, method="m")
    assert table.predicted({"g": 4.0}) == pytest.approx(0.02)
    assert table.predicted({}) == 0.0
