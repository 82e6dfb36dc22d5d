import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.measurement.data import split


def test_parts_follow_each_other_and_their_digests_differ():
    parts = split(range(1000), context=10, explored=200, looks=(100, 200))
    assert parts.explored == tuple(range(200))
    assert parts.held_out == (tuple(range(200, 300)), tuple(range(300, 400)))
    assert parts.calibration == tuple(range(400, 1000))
    assert len(set(parts.digests().values())) == 3


def test_a_short_text_is_halved():
    parts = split(range(90), context=10, explored=200, looks=(100, 200))
    assert len(parts.explored) == 45
    assert parts.held_out == (tuple(range(45, 90)),)


def test_a_passage_that_comes_twice_is_in_one_part_only():
    twice = [*range(100), *range(50), *range(200, 300)]
    parts = split(twice, context=10, explored=100, looks=(100,))
    assert parts.repeated == 5
    assert parts.held_out == (tuple(range(200, 300)),)


@given(st.lists(st.integers(0, 3), min_size=64, max_size=400), st.integers(4, 16))
def test_no_window_stands_in_two_parts(ids, context):
    parts = split(ids, context=context, explored=len(ids) // 3, looks=(64, 128))

    def windows(tokens):
        return {tuple(tokens[i : i + context]) for i in range(0, len(tokens) - context + 1, context)}

    held = [i for segment in parts.held_out for i in segment]
    rest = [*held, *parts.calibration]
    assert not windows(parts.explored) & windows(rest)


def test_an_empty_part_has_no_digest():
    parts = split(range(100), context=10, explored=100, looks=(50,))
    assert parts.explored
    assert "calibration" not in parts.digests()
    with pytest.raises(KeyError):
        parts.digests()["calibration"]


def test_a_long_text_is_calibrated_on_the_same_ids_however_much_is_held_out():
    ids = tuple(range(100_000))
    brief, full = (split(ids, context=100, explored=1000, looks=looks) for looks in ((1000,), (2000, 8000)))
    assert brief.calibration == full.calibration
    assert not set(full.calibration) & {i for segment in full.held_out for i in segment}
