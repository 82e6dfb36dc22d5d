import pytest

from edgewright.core.measurement.noise import Noise, Sentinel
from edgewright.core.measurement.speed import decode_tok_s, paired_values, ratio_of, speed_values
from edgewright.report.sentences import sentence
from edgewright.testing import block


def test_decode_speed_is_the_inverse_of_the_mean_inter_token_latency():
    assert decode_tok_s(block(100.0)) == pytest.approx(100.0, rel=0.02)


def test_speedup_is_taken_within_rounds():
    # The host slows down threefold in round 1: the ratio does not change.
    build = {"0": block(200.0), "1": block(66.0)}
    base = {"0": block(100.0), "1": block(33.0)}
    speedup = paired_values(build, base)["speedup"]
    assert speedup.value == pytest.approx(2.0, rel=1e-6)
    assert speedup.ci_low == pytest.approx(2.0, rel=1e-6)
    assert speedup.n == 2


def test_swapped_arms_give_the_reciprocal():
    a = {str(k): block(100.0 + 7 * k) for k in range(4)}
    b = {str(k): block(41.0 + 3 * k) for k in range(4)}
    there, back = paired_values(a, b)["speedup"], paired_values(b, a)["speedup"]
    assert there.value == pytest.approx(1 / back.value)
    assert there.ci_low == pytest.approx(1 / back.ci_high)


def test_one_round_has_an_interval_from_the_baselines_scatter():
    base = {str(k): block(speed) for k, speed in enumerate((30.0, 33.0, 27.0, 31.0))}
    speedup = paired_values({"0": block(90.0)}, base)["speedup"]
    assert speedup.ci_low < speedup.value < speedup.ci_high
    assert "baseline's scatter over 4 rounds" in speedup.method


def test_without_a_common_round_nothing_is_compared():
    values = paired_values({"0": block()}, {"1": block()})
    assert values["speedup"].value is None
    assert values["memory_cut"].reason


def test_memory_cut_is_a_share_of_the_baseline():
    cut = paired_values({"0": block(peak_bytes=25)}, {"0": block(peak_bytes=100)})["memory_cut"]
    assert cut.value == pytest.approx(0.75)


def test_percentiles_need_enough_latencies():
    few = speed_values([block(tokens=36, requests=1)])
    assert few["itl_p50_ms"].value is not None
    assert few["itl_p90_ms"].value is None
    assert "n=35" in sentence(few["itl_p90_ms"].reason)
    assert "at least 72" in sentence(few["latency_variation"].reason)
    many = speed_values([block(requests=13)])
    assert many["itl_p99_ms"].value is not None


def test_steadiness_between_blocks_needs_several_of_them():
    assert speed_values([block(), block()])["block_variation"].value is None
    seen = speed_values([block(100.0 + 5 * (k % 2)) for k in range(7)])
    assert seen["block_variation"].value == pytest.approx(0.026, abs=0.002)
    assert seen["block_variation"].ci_low < 0.026 < seen["block_variation"].ci_high


def test_a_build_that_slows_down_over_the_run_drifts_and_a_steady_one_does_not():
    slowing = speed_values([block(100.0 - 4 * k) for k in range(8)])["latency_drift"]
    assert slowing.ci_low > 0.2
    steady = speed_values([block(100.0 + (k % 2)) for k in range(8)])["latency_drift"]
    assert steady.value < 0.02


def test_a_ratio_of_any_figure_is_taken_within_rounds():
    slim = {"0": block(peak_bytes=50), "1": block(peak_bytes=50)}
    fat = {"0": block(peak_bytes=100), "1": block(peak_bytes=100)}
    assert ratio_of(slim, fat, "peak_bytes").value == pytest.approx(0.5)


def on_a_host_at(share: float, speed: float):
    """A block while the whole host runs at a share of its usual speed."""
    seen = Sentinel(gflop_s=100.0 * share, read_gb_s=10.0)
    return block(speed, noise=Noise(wall_s=10.0, before=seen, after=seen))


def test_a_build_is_not_unsteady_because_the_host_slowed_down():
    blocks = [on_a_host_at(1.0, 100.0 + (k % 2)) for k in range(5)] + [on_a_host_at(0.92, 80.0)] * 2
    seen = speed_values(blocks)
    assert seen["block_variation"].value < 0.01
    assert seen["block_variation"].n == 5
    assert "5 of 7 blocks in which the host" in seen["block_variation"].method
    assert seen["decode_tok_s"].ci_low == pytest.approx(80.0, rel=0.02)


def test_a_build_that_varies_on_a_steady_host_is_unsteady():
    seen = speed_values([on_a_host_at(1.0, 100.0 - 20 * (k % 2)) for k in range(7)])
    assert seen["block_variation"].ci_low > 0.05


def test_where_the_host_is_hardly_ever_steady_all_blocks_are_taken():
    seen = speed_values([on_a_host_at(1.0 - 0.06 * (k % 2), 100.0) for k in range(6)])
    assert seen["block_variation"].n == 6
