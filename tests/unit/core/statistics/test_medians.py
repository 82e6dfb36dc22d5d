import pytest

from edgewright.core.statistics.medians import median_interval


def test_from_six_on_the_figures_themselves_bound_the_median():
    low, high, how = median_interval([1.0, 2.0, 3.0, 4.0, 5.0, 90.0, 7.0])
    assert (low, high) == (1.0, 90.0)
    assert how == "order statistics"
    assert median_interval([float(n) for n in range(1, 13)])[:2] == (2.0, 11.0)
    assert median_interval([float(n) for n in range(1, 21)])[:2] == (5.0, 16.0)


def test_more_rounds_do_not_widen_it_for_one_slow_block():
    speeds = [100.0] * 11
    assert median_interval([50.0, *speeds])[:2] == (100.0, 100.0)


def test_of_fewer_students_interval_of_the_logarithms_is_given():
    low, high, how = median_interval([153.0, 163.0, 167.0, 170.0])
    assert how == "Student's t of the logarithms"
    assert low == pytest.approx(149.66, abs=0.01)
    assert high == pytest.approx(177.79, abs=0.01)


def test_a_surer_bound_needs_more_figures_before_two_of_them_bound_it():
    figures = [float(n) for n in range(1, 9)]
    assert median_interval(figures)[2] == "order statistics"
    assert median_interval(figures, error=0.002)[2] == "Student's t of the logarithms"
    assert median_interval([*figures, 9.0], error=0.002)[2] == "order statistics"


def test_it_always_holds_the_median():
    low, high, _ = median_interval([100.0, 100.0, 100.0, 10.0])
    assert low < 100.0 <= high
