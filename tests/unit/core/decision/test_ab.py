import pytest

from edgewright.core.decision.ab import Better, decide
from edgewright.core.measurement.quantity import Label, Value, not_available
from edgewright.reasons import because, told
from edgewright.report.sentences import sentence


def ratio(value, low, high):
    return Value(value=value, unit="1", label=Label.DERIVED, method="m", n=7, ci_low=low, ci_high=high)


@pytest.mark.parametrize(
    ("metric", "low", "high", "answer"),
    [
        ("decode_tok_s", 1.2, 1.4, Better.B),
        ("decode_tok_s", 0.7, 0.9, Better.A),
        ("ttft_ms", 1.2, 1.4, Better.A),
        ("ttft_ms", 0.7, 0.9, Better.B),
        ("decode_tok_s", 0.98, 1.03, Better.ALIKE),
        ("decode_tok_s", 1.01, 1.03, Better.ALIKE),
        ("decode_tok_s", 0.9, 1.1, Better.INCONCLUSIVE),
    ],
)
def test_the_interval_decides_and_the_metrics_direction_says_for_whom(metric, low, high, answer):
    assert decide(metric, ratio((low + high) / 2, low, high)).answer is answer


def test_a_doubt_about_the_host_leaves_any_verdict_open():
    verdict = decide("decode_tok_s", ratio(3.0, 2.9, 3.1), doubt=told("the host is too noisy"))
    assert verdict.answer is Better.INCONCLUSIVE
    assert "too noisy" in sentence(verdict.reason)


def test_without_a_figure_nobody_can_tell_and_the_reason_is_kept():
    verdict = decide("decode_tok_s", not_available("speedup", because("no_common_round")))
    assert verdict.answer is Better.INCONCLUSIVE
    assert "no round" in sentence(verdict.reason)
