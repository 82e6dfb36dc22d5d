"""Declared families become candidates; sizes and rough costs are said before anything is built."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewright.core.recipe.recipes import Precision
from edgewright.core.recipe.sensitivity import EMBEDDING, HEAD, Cost, Curve, Group, Sensitivity
from edgewright.core.recipe.space import Family, Space, Storage, candidates

FAMILY = Family(
    name="int4_g{group_size}",
    precision=Precision.INT4,
    base="fp16",
    bits=4.0,
    group_bits=16.0,
    rounding_bits=3.6,
    build={"mode": "sym"},
    parameters={"group_size": (32, 128), "awq": (False, True)},
    gains={"awq": 0.1},
    costs={"awq": 3.0},
    calibrated_by=("awq",),
    without=({"group_size": 128, "awq": True},),
)

EMBEDDED = Group(name=EMBEDDING, tensors=("e",), weights=1000, row=96)
TIED = Group(name=HEAD, tensors=("e",), weights=1000, row=96)
INNER = Group(name="layers.0.up", tensors=("u",), weights=4000, row=256, first=0)


def test_a_family_is_the_product_of_its_parameters_without_what_does_not_exist():
    found = {c.recipe.name: c for c in candidates("openvino", [FAMILY])}
    assert list(found) == ["int4_g32", "int4_g32_awq", "int4_g128"]
    assert found["int4_g32_awq"].recipe.build == {
        "mode": "sym",
        "group_size": 32,
        "awq": True,
        "calibrated": True,
    }
    assert found["int4_g32"].recipe.build == {"mode": "sym", "group_size": 32}
    assert (found["int4_g32"].cost, found["int4_g32_awq"].cost) == (1.0, 3.0)


def test_larger_groups_take_fewer_bits_and_lose_more():
    small, better, large = candidates("openvino", [FAMILY])
    assert (small.storage.bits, large.storage.bits) == (4.5, 4.125)
    assert small.storage.rounding_bits == 3.6
    assert better.storage.rounding_bits == pytest.approx(3.7)
    assert large.storage.rounding_bits == pytest.approx(3.2)


def test_a_tied_matrix_counts_as_often_as_it_is_stored():
    once = Storage(bits=8.0, rounding_bits=8.0)
    assert once.matrix_bytes([EMBEDDED, TIED, INNER]) == 5000
    twice = Storage(bits=8.0, rounding_bits=8.0, copies=2)
    assert twice.matrix_bytes([EMBEDDED, TIED, INNER]) == 6000


def test_ends_and_odd_rows_have_bits_of_their_own():
    storage = Storage(bits=4.0, rounding_bits=4.0, multiple=256, odd_bits=8.0, ends_bits=16.0)
    assert storage.matrix_bytes([EMBEDDED, TIED, INNER]) == 2000 + 2000
    odd = Group(name="layers.1.up", tensors=("v",), weights=800, row=96, first=1)
    assert storage.matrix_bytes([odd]) == 800


def test_rows_that_are_filled_up_take_the_bytes_of_whole_groups():
    odd = Group(name="layers.1.up", tensors=("v",), weights=960, row=96, first=1)
    assert Storage(bits=8.0, rounding_bits=8.0, padded=64).matrix_bytes([odd]) == 960 * 128 / 96


def test_rows_that_no_group_divides_get_smaller_groups_where_the_framework_makes_them():
    odd = Group(name="layers.1.up", tensors=("v",), weights=960, row=192, first=1)
    storage = Storage(
        bits=4.125, rounding_bits=3.6, multiple=128, odd_bits=8.0, group_bits=16.0, least_group=16
    )
    bits, rounding = storage.of(odd)
    assert bits == 4.25
    assert rounding == pytest.approx(3.8)
    assert storage.of(replace(odd, row=200))[0] == 8.0


def test_copies_are_packed_of_matrices_in_layers_only():
    storage = Storage(
        bits=4.0, rounding_bits=4.0, multiple=64, ends_bits=8.0, packed_bits=4.0, odd_packed_bits=2.0
    )
    odd = Group(name="layers.1.up", tensors=("v",), weights=960, row=96, first=1)
    assert storage.packed_bytes([EMBEDDED, TIED, odd]) == 240.0
    assert storage.packed_bytes([replace(odd, row=128)]) == 480.0


def test_an_output_layer_that_is_kept_as_odd_rows_are_is_copied_as_they_are():
    storage = Storage(bits=4.0, rounding_bits=4.0, multiple=64, odd_packed_bits=2.0)
    assert storage.packed_bytes([EMBEDDED, TIED]) == 250.0
    assert replace(storage, ends_bits=8.0).packed_bytes([EMBEDDED, TIED]) == 0.0


def test_a_scale_for_each_row_counts():
    assert Storage(bits=8.0, rounding_bits=7.0, row_bits=256.0).matrix_bytes([INNER]) == 4000 * 9 / 8


def test_what_no_candidate_changes_is_known_from_the_unquantized_build():
    space = Space(start=(), unquantized=Storage(bits=16.0, rounding_bits=16.0), candidates=())
    assert space.kept_bytes([EMBEDDED, TIED, INNER], 10_700.0) == 700.0


def test_the_rule_of_thumb_orders_by_bits_and_a_table_replaces_it():
    fine, coarse = (Storage(bits=b, rounding_bits=b) for b in (6.0, 3.0))
    assert fine.raw_kl([INNER], None) < coarse.raw_kl([INNER], None)
    curve = Curve(group=INNER, costs=(Cost(bits=6, kl=0.5), Cost(bits=3, kl=0.7)))
    table = Sensitivity(source="s", curves=(curve,), tokens=1, method="m")
    assert fine.raw_kl([INNER], table) == pytest.approx(0.5)
