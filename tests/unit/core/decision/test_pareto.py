"""Dominance under uncertainty, fronts, knees and volumes."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewright.core.decision.pareto import (
    UNKNOWN,
    Span,
    dominates,
    exactly,
    front,
    hypervolume,
    knee,
    scaled,
)

numbers = st.floats(-100, 100)
spans = st.tuples(numbers, st.floats(0, 10), st.floats(0, 10)).map(
    lambda t: Span(low=t[0] - t[1], value=t[0], high=t[0] + t[2])
)
clouds = st.lists(st.tuples(spans | st.just(UNKNOWN), spans, spans), min_size=1, max_size=12).map(
    lambda rows: {str(i): dict(zip("xyz", row, strict=True)) for i, row in enumerate(rows)}
)


def point(*values):
    return dict(zip("xyz", map(exactly, values), strict=False))


@given(clouds)
def test_there_is_always_a_front_and_what_is_off_it_is_dominated_by_some_of_it(points):
    on = front(points)
    assert on
    for name, one in points.items():
        beaten = [other for who, other in points.items() if who != name and dominates(other, one)]
        assert bool(beaten) != (name in on)


@given(clouds)
def test_nothing_dominates_itself_and_never_both_ways(points):
    for a in points.values():
        assert not dominates(a, a)
        for b in points.values():
            assert not (dominates(a, b) and dominates(b, a))


def test_intervals_that_overlap_in_every_objective_do_not_dominate():
    a = {"x": Span(low=9, value=10, high=11), "y": exactly(5)}
    b = {"x": Span(low=8, value=9.5, high=10), "y": exactly(5)}
    assert not dominates(a, b)
    assert dominates(a | {"y": exactly(6)}, b)


def test_what_was_not_measured_loses_and_wins_nothing():
    known, unknown = point(1.0, 1.0), {"x": UNKNOWN, "y": exactly(1.0)}
    assert dominates(known, unknown)
    assert not dominates(unknown, known)
    assert not dominates({"x": UNKNOWN, "y": exactly(9.0)}, known)


def test_the_knee_gives_up_least():
    points = {"left": point(0.0, 1.0), "knee": point(0.8, 0.9), "right": point(1.0, 0.0)}
    assert knee(points) == "knee"
    assert knee({}) is None


def test_scaling_puts_the_worst_at_0_and_the_best_at_1():
    rows = scaled({"a": point(2.0, 5.0), "b": point(4.0, 5.0), "c": {"x": UNKNOWN, "y": exactly(5.0)}})
    assert rows == {"a": {"x": 0.0, "y": 1.0}, "b": {"x": 1.0, "y": 1.0}, "c": {"x": 0.0, "y": 1.0}}


def test_volumes_that_can_be_counted_by_hand():
    assert hypervolume([(2.0, 3.0)], (0.0, 0.0)) == 6.0
    assert hypervolume([(2.0, 1.0), (1.0, 2.0)], (0.0, 0.0)) == 3.0
    assert hypervolume([(1.0, 1.0, 1.0), (2.0, 2.0, 0.5)], (0.0, 0.0, 0.0)) == 1.0 + 2.0 - 0.5
    assert hypervolume([(1.0, 1.0)], (1.0, 0.0)) == 0.0
    assert hypervolume([], (0.0,)) == 0.0


boxes = st.lists(st.tuples(*[st.floats(0.0, 1.0)] * 3), max_size=8)


@given(boxes, st.tuples(*[st.floats(0.0, 1.0)] * 3))
def test_another_point_never_takes_volume_away_and_a_dominated_one_adds_none(points, other):
    zero = (0.0, 0.0, 0.0)
    before = hypervolume(points, zero)
    assert hypervolume([*points, other], zero) >= before - 1e-12
    inside = [tuple(0.5 * x for x in p) for p in points]
    assert hypervolume([*points, *inside], zero) == pytest.approx(before)


@settings(max_examples=25)
@given(boxes)
def test_the_volume_is_the_share_of_random_points_that_are_beaten(points):
    rng = random.Random(7)  # darts, no secret
    darts = [(rng.random(), rng.random(), rng.random()) for _ in range(2000)]
    hit = sum(any(all(x >= y for x, y in zip(p, d, strict=True)) for p in points) for d in darts)
    assert hypervolume(points, (0.0, 0.0, 0.0)) == pytest.approx(hit / len(darts), abs=0.05)
