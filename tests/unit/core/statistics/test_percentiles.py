import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.statistics.percentiles import LEAST, percentile
from edgewright.core.statistics.steadiness import block_variation, drift, latency_variation


@pytest.mark.parametrize(("share", "least"), [(0.90, 36), (0.95, 72), (0.99, 368)])
def test_too_few_samples_have_no_percentile(share, least):
    assert percentile(range(least - 1), share) is None
    assert percentile(range(least), share) is not None


@given(st.lists(st.floats(0.1, 1e3), min_size=72, max_size=400), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_interval_holds_the_percentile(samples, share):
    if len(samples) >= LEAST[share]:
        value, low, high = percentile(samples, share)
        assert low <= value <= high


def test_the_bounds_cover_the_true_percentile_as_often_as_they_say():
    rng = np.random.default_rng(0)
    true = float(np.log(20.0))  # p95 of the exponential distribution
    hits = 0
    for _ in range(2000):
        _, low, high = percentile(rng.exponential(size=200), 0.95)
        hits += low <= true <= high
    assert hits / 2000 >= 0.955


def test_a_stutter_in_one_of_ten_tokens_shows_in_the_tail():
    value, low, high = latency_variation([10.0, *[10.0] * 8, 20.0] * 20)
    assert value == pytest.approx(1.0)
    assert low <= value <= high


def test_the_scatter_of_few_blocks_has_a_wide_interval():
    value, low, high = block_variation([100.0, 103.0, 98.0, 101.0])
    assert low < value < high
    assert high > 2 * value


def test_no_drift_is_claimed_from_three_blocks():
    assert drift([1.0, 2.0, 3.0]) is None
