import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.summary import accuracy_values, decode_tok_s, paired_values, retained, speed_values
from edgewright.testing import block, scores


def test_decode_speed_is_the_inverse_of_the_mean_inter_token_latency():
    assert decode_tok_s(block(100.0)) == pytest.approx(100.0, rel=0.02)


def test_speedup_is_taken_within_rounds():
    # The host slows down threefold in round 1: the ratio does not change.
    build = {0: block(200.0), 1: block(66.0)}
    base = {0: block(100.0), 1: block(33.0)}
    speedup = paired_values(build, base)["speedup"]
    assert speedup.value == pytest.approx(2.0, rel=1e-6)
    assert speedup.ci_low == pytest.approx(2.0, rel=1e-6)
    assert speedup.n == 2


def test_swapped_arms_give_the_reciprocal():
    a = {k: block(100.0 + 7 * k) for k in range(4)}
    b = {k: block(41.0 + 3 * k) for k in range(4)}
    there, back = paired_values(a, b)["speedup"], paired_values(b, a)["speedup"]
    assert there.value == pytest.approx(1 / back.value)
    assert there.ci_low == pytest.approx(1 / back.ci_high)


def test_one_round_has_an_interval_from_the_baselines_scatter():
    base = {k: block(speed) for k, speed in enumerate((30.0, 33.0, 27.0, 31.0))}
    speedup = paired_values({0: block(90.0)}, base)["speedup"]
    assert speedup.ci_low < speedup.value < speedup.ci_high
    assert "baseline's scatter over 4 rounds" in speedup.method


def test_without_a_common_round_nothing_is_compared():
    values = paired_values({0: block()}, {1: block()})
    assert values["speedup"].value is None
    assert values["memory_cut"].reason


def test_memory_cut_is_a_share_of_the_baseline():
    cut = paired_values({0: block(peak_bytes=25)}, {0: block(peak_bytes=100)})["memory_cut"]
    assert cut.value == pytest.approx(0.75)


def test_percentiles_need_enough_latencies():
    few = speed_values([block(tokens=40, requests=1)])
    assert few["itl_p50_ms"].value is not None
    assert few["itl_p95_ms"].value is None
    assert "n=39" in few["itl_p95_ms"].reason
    assert few["latency_variation"].value is None
    assert "72 latencies" in few["latency_variation"].reason
    many = speed_values([block(requests=6)])
    assert many["itl_p99_ms"].value is not None


def test_equal_answers_on_few_positions_prove_little_and_on_many_much():
    few, many = ((tuple(i % 2 == 0 for i in range(n))) for n in (10, 4000))
    assert retained(few, few).value == retained(many, many).value == 1.0
    assert retained(few, few).ci_low < 0.9
    assert retained(many, many).ci_low > 0.998


def test_a_baseline_that_is_never_right_retains_nothing_measurable():
    assert retained((True,), (False,)).value is None


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=20, max_size=200))
def test_the_interval_holds_the_ratio(pairs):
    c, b = zip(*pairs, strict=True)
    value = retained(c, b)
    if value.value is not None:
        assert value.ci_low <= value.value <= value.ci_high


def test_the_intervals_cover_the_true_ratio_about_nine_times_in_ten():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        b = rng.random(500) < 0.5
        c = np.where(rng.random(500) < 0.1, ~b, b)
        value = retained(tuple(c), tuple(b))
        hits += value.ci_low <= 1.0 <= value.ci_high
    assert 0.85 <= hits / 400 <= 0.95


def test_perplexity_is_the_exponential_of_the_mean_loss():
    values = accuracy_values(scores(0.1))
    assert values["perplexity"].value == pytest.approx(math.exp(3.1))
    assert values["perplexity_increase"].value == pytest.approx(math.exp(0.1) - 1)
