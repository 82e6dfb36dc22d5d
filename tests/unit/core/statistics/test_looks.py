import math

import numpy as np
import pytest

from edgewright.core.statistics.looks import next_look, t, z
from edgewright.core.statistics.ratio import log_interval
from edgewright.core.statistics.resampling import interval, mean_interval


def test_three_looks_share_five_percent():
    assert z() == pytest.approx(2.128, abs=1e-3)
    assert t(6) > t(19) > z()


def test_looks_end():
    assert [next_look(n, (7, 12, 20)) for n in (0, 7, 12, 20)] == [7, 12, 20, None]


def test_several_rounds_have_students_interval():
    mean, half, how = log_interval([0.9, 1.0, 1.1])
    assert mean == pytest.approx(1.0)
    assert half == pytest.approx(t(2) * 0.1 / math.sqrt(3))
    assert "Student" in how


def test_one_round_without_control_assumes_the_worst():
    _, half, how = log_interval([1.0])
    assert half > 0.5
    assert "assumed" in how


def test_resampling_a_mean_gives_about_the_normal_interval():
    values = np.random.default_rng(0).normal(size=4000)
    clusters = np.arange(4000) // 10
    low, high = mean_interval(values, clusters)
    assert high - low == pytest.approx(2 * z() / math.sqrt(4000), rel=0.2)
    assert interval(values, clusters, lambda x: float(x.mean())) == pytest.approx((low, high), abs=1e-9)
