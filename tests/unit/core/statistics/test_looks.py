import math

import numpy as np
import pytest
from scipy.stats import binom

from edgewright.core.statistics import quantiles
from edgewright.core.statistics.looks import (
    EARLY_ONE_SIDED,
    ONE_SIDED,
    confidence,
    error_at,
    next_look,
    t,
    z,
)
from edgewright.core.statistics.ratio import log_interval
from edgewright.core.statistics.resampling import mean_interval, quantile_interval


def test_three_looks_share_five_percent():
    assert z() == pytest.approx(2.128, abs=1e-3)
    assert t(6) > t(19) > z()


def test_early_looks_spend_little_and_the_usual_error_is_kept_for_the_others():
    assert [error_at(n) for n in (3, 5)] == [EARLY_ONE_SIDED] * 2
    assert [error_at(n) for n in (4, 7, 12, 20)] == [ONE_SIDED] * 4
    wide, usual = (log_interval([0.9, 1.0, 1.1], error=error_at(n))[1] for n in (3, 7))
    assert wide > 2.5 * usual
    assert [confidence(error_at(n)) for n in (3, 7)] == ["99.8 %", "98.3 %"]


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


@pytest.mark.parametrize("share", [0.5, 0.99])
@pytest.mark.parametrize("clusters", [np.arange(400) // 10, np.minimum(np.arange(400) // 32, 11)])
def test_resampling_a_quantile_is_drawing_clusters_and_taking_it(share, clusters):
    values = np.random.default_rng(1).normal(size=400)
    groups = [values[clusters == k] for k in range(int(clusters.max()) + 1)]
    draws = np.random.default_rng(20).integers(0, len(groups), (1000, len(groups)))
    drawn = [np.quantile(np.concatenate([groups[k] for k in pick]), share) for pick in draws]
    bounds = np.quantile(drawn, [ONE_SIDED, 1.0 - ONE_SIDED])
    assert quantile_interval(values, clusters, share) == pytest.approx(tuple(bounds), rel=1e-12)


def test_the_binomial_quantile_is_the_smallest_count_that_reaches_the_probability():
    for n, share in ((7, 0.5), (20, 0.5), (465, 0.95), (465, 0.99), (36, 0.9)):
        for p in (0.002, ONE_SIDED, 0.5, 1.0 - ONE_SIDED, 0.998):
            assert quantiles.binomial(n, share, p) == int(binom.ppf(p, n, share))
