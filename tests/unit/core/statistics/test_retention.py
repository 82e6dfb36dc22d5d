"""What is retained: the interval is the protocol's test, exact where little is known, honest about clusters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.statistics.clusters import runs
from edgewright.core.statistics.looks import t
from edgewright.core.statistics.retention import above_chance, retained


def pairs(rng, n, right=0.6, lost=0.05, gained=0.02):
    b = rng.random(n) < right
    c = np.where(b, rng.random(n) >= lost / right, rng.random(n) < gained / (1 - right))
    return c, b


def test_the_lower_bound_lies_above_a_share_exactly_when_the_paired_mean_is_surely_positive():
    rng = np.random.default_rng(1)
    for _ in range(50):
        c, b = pairs(rng, 800)
        value = retained(tuple(c), tuple(b))
        d = c.astype(float) - 0.95 * b
        error = d.std() * np.sqrt(len(d) / (len(d) - 1)) / np.sqrt(len(d))
        assert (value.ci_low > 0.95) == (d.mean() - t(len(d) - 1) * error > 0)


def test_equal_answers_on_few_items_prove_little_and_on_many_much():
    few, many = (tuple(i % 2 == 0 for i in range(n)) for n in (10, 4000))
    assert retained(few, few).value == retained(many, many).value == 1.0
    assert retained(few, few).ci_low < 0.5
    assert retained(many, many).ci_low > 0.995


def test_few_disagreements_are_judged_exactly():
    b = np.arange(1000) % 2 == 0
    c = b.copy()
    c[:20:2] = False
    value = retained(tuple(c), tuple(b))
    assert "exact" in value.method
    assert value.ci_low < value.value == pytest.approx(0.98)


def test_a_baseline_that_is_never_right_retains_nothing_measurable():
    assert retained((True,), (False,)).value is None


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=20, max_size=200))
def test_the_interval_holds_the_ratio(answers):
    c, b = zip(*answers, strict=True)
    value = retained(c, b)
    if value.value is not None:
        assert value.ci_low <= value.value + 1e-9
        assert value.ci_high >= value.value - 1e-9


def test_items_that_fall_together_widen_the_interval():
    rng = np.random.default_rng(2)
    b = np.ones(1600, bool)
    c = np.repeat(rng.random(50) < 0.8, 32)
    windows = runs((400,) * 4)
    alone, together = retained(tuple(c), tuple(b)), retained(tuple(c), tuple(b), windows)
    assert together.ci_high - together.ci_low > 3 * (alone.ci_high - alone.ci_low)


def test_clusters_are_runs_within_a_window_and_none_is_short():
    assert np.bincount(runs((511, 511, 100))).tolist() == [32] * 14 + [63] + [32] * 14 + [63] + [32, 32, 36]


def test_a_baseline_near_chance_is_not_above_it():
    assert above_chance([i % 2 == 0 for i in range(400)], 0.25)
    assert not above_chance([i % 10 < 3 for i in range(400)], 0.25)
