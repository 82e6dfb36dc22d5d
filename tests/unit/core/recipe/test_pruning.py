"""What a pruning is called, which blocks go, and how wide what is left may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.recipe.pruning import Part, Pruning, kept_width, least, parse


@pytest.mark.parametrize("text", ["blocks:0.1", "neurons:0.25", "neurons:0.2+recover"])
def test_a_pruning_is_read_as_it_is_spelled(text):
    assert parse(text).spelled == text


def test_its_name_says_part_share_and_recovery():
    assert Pruning(part=Part.BLOCKS, ratio=0.1).name == "blocks10"
    assert Pruning(part=Part.NEURONS, ratio=0.2, recover=True).name == "neurons20+recovered"


@pytest.mark.parametrize(
    "text", ["blocks", "blocks:1.0", "blocks:0.95", "heads:0.1", "blocks:0.0", "blocks:-0.1"]
)
def test_what_is_no_pruning_is_refused(text):
    with pytest.raises(ValueError, match="not a valid pruning"):
        parse(text)


def test_the_blocks_of_least_influence_go_but_never_the_first_or_the_last():
    influence = [0.0, 0.5, 0.1, 0.4, 0.2, 0.0]
    assert least(influence, 0.34) == (2, 4)
    assert least([0.0, 0.0], 0.5) == ()


@given(st.integers(3, 80), st.floats(0.01, 0.9))
def test_at_least_one_block_goes_and_both_ends_stay(layers, ratio):
    gone = least([float(n % 7) for n in range(layers)], ratio)
    assert 1 <= len(gone) <= layers - 2
    assert not {0, layers - 1} & set(gone)


def test_a_width_is_a_multiple_that_blocks_divide_where_one_is_near():
    assert kept_width(1536, 0.1) == 1408  # 1382 wished for; 1280 and 1536 are further off than 2 %
    assert kept_width(11008, 0.2) == 8704


@given(st.integers(64, 20_000), st.floats(0.05, 0.9))
def test_a_width_shrinks_and_stays_near_its_wish(width, ratio):
    kept = kept_width(width, ratio)
    assert 1 <= kept < width
    assert abs(kept - width * (1 - ratio)) <= max(0.02 * width, 32)
