"""Rounds become a comparison only where every arm has a block that counts."""

import pytest

from edgewright.app.compare.benchmark import summed_up
from edgewright.core.measurement.records import FULL, Workload
from edgewright.core.measurement.rounds import Invalid, Round
from edgewright.errors import ResourceError
from edgewright.reasons import because, told
from edgewright.testing import block


def sum_up(one):
    return summed_up(["a", "b"], [], [one], Workload(), FULL)


def test_an_arm_without_a_block_is_told_with_what_disturbed_it():
    theirs, mine = (
        Invalid(arm="a", causes=(told("theirs"),)),
        Invalid(arm="b", causes=(told("other processes took 40%"),)),
    )
    with pytest.raises(ResourceError, match="Every block of b was disturbed") as caught:
        sum_up(Round(blocks={"a": block()}, order=("a", "b"), invalid=(mine, theirs)))
    assert caught.value.because == mine.causes


def test_an_arm_whose_blocks_are_left_out_is_told_so_too():
    blocks = {name: block() for name in "ab"}
    others = (Invalid(arm="a", causes=(told("other processes took 40%"),)),) * 2
    with pytest.raises(ResourceError, match="Every block of b was disturbed") as caught:
        sum_up(Round(blocks=blocks, order=("a", "b"), invalid=others, kept_speeds={"b": 0.8}))
    assert caught.value.because == (because("host_unusual"),)
