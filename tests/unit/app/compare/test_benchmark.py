"""Rounds become a comparison only where every arm has a block that counts."""

import pytest

from edgewright.app.compare.benchmark import summed_up
from edgewright.core.measurement.records import FULL, Workload
from edgewright.core.measurement.rounds import Invalid, Round
from edgewright.errors import ResourceError
from edgewright.testing import block


def sum_up(one):
    return summed_up(["a", "b"], [], [one], Workload(), FULL)


def test_an_arm_without_a_block_is_told_with_what_disturbed_it():
    theirs, mine = Invalid(arm="a", reason="theirs"), Invalid(arm="b", reason="other processes took 40%")
    with pytest.raises(ResourceError, match="Every block of b was disturbed: other processes took 40%"):
        sum_up(Round(blocks={"a": block()}, order=("a", "b"), invalid=(mine, theirs)))


def test_an_arm_whose_blocks_are_left_out_is_told_so_too():
    blocks = {name: block() for name in "ab"}
    others = (Invalid(arm="a", reason="other processes took 40%"),) * 2
    with pytest.raises(ResourceError, match="Every block of b was disturbed: the host was slower or faster"):
        sum_up(Round(blocks=blocks, order=("a", "b"), invalid=others, swung={"b": 0.8}))
