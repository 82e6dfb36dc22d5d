import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.decision.policy import DEFAULT_GATES, Gate, Policy
from edgewright.core.decision.verdict import (
    Circumstances,
    Needs,
    Outcome,
    judge,
    judge_all,
    overall,
    shortfall,
)
from edgewright.core.measurement.quantity import Label, Value, not_available
from edgewright.reasons import told
from edgewright.report.sentences import verdict_sentence

SPEED = Gate(metric="speedup", at_least=2.0)


def value(number, low=None, high=None):
    return Value(value=number, unit="1", label=Label.DERIVED, method="m", n=3, ci_low=low, ci_high=high)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (2.1, 2.9, Outcome.PASS),
        (1.1, 1.9, Outcome.FAIL),
        (1.9, 2.1, Outcome.INCONCLUSIVE),
        (2.0, 2.5, Outcome.PASS),
    ],
)
def test_the_whole_interval_must_be_on_one_side(low, high, outcome):
    assert judge(SPEED, value((low + high) / 2, low, high)).outcome is outcome


def test_an_exact_value_is_compared_as_it_is():
    gate = Gate(metric="size_bytes", at_most=100.0)
    assert judge(gate, value(100.0)).outcome is Outcome.PASS
    assert judge(gate, value(100.1)).outcome is Outcome.FAIL


def test_what_was_not_measured_is_inconclusive_and_says_why():
    verdict = judge(SPEED, not_available("speedup", told("the process died")))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the process died" in verdict_sentence(verdict)
    assert judge(SPEED, None).outcome is Outcome.INCONCLUSIVE


def test_the_reason_holds_the_figure_and_the_bound():
    assert "1.5 (gate >= 2)" in verdict_sentence(judge(SPEED, value(1.5, 1.4, 1.6)))


@given(st.floats(0.1, 10), st.floats(0, 3), st.floats(0, 3))
def test_a_verdict_is_never_both_ways(middle, below, above):
    low, high = middle - below, middle + above
    verdict = judge(SPEED, value(middle, low, high))
    assert (verdict.outcome is Outcome.PASS) == (low >= 2.0)
    assert (verdict.outcome is Outcome.FAIL) == (high < 2.0)


def test_unsteady_latency_on_a_noisy_host_is_not_held_against_a_build():
    values = {"latency_variation": value(0.9)}
    policy = Policy(gates=(Gate(metric="latency_variation", at_most=0.2),))
    assert judge_all(policy, values)[0].outcome is Outcome.FAIL
    excused = judge_all(policy, values, Circumstances(excuses={"latency_variation": told("noisy")}))[0]
    assert excused.outcome is Outcome.INCONCLUSIVE
    assert excused.excused
    assert overall([excused]) is Outcome.PASS
    unknown = judge_all(policy, {}, Circumstances(excuses={"latency_variation": told("noisy")}))[0]
    assert unknown.excused
    assert "noisy" in verdict_sentence(unknown)
    assert not judge_all(policy, {})[0].excused


def test_one_failed_gate_fails_a_build_and_one_open_gate_leaves_it_open():
    passed = judge(SPEED, value(3.0))
    failed = judge(SPEED, value(1.0))
    unclear = judge(SPEED, value(2.0, 1.0, 3.0))
    assert overall([passed]) is Outcome.PASS
    assert overall([passed, unclear]) is Outcome.INCONCLUSIVE
    assert overall([passed, unclear, failed]) is Outcome.FAIL


def test_shortfall_grows_with_the_distance_and_is_zero_where_nothing_failed():
    near, far = judge(SPEED, value(1.9)), judge(SPEED, value(0.5))
    assert shortfall([judge(SPEED, value(3.0))]) == 0.0
    assert 0.0 < shortfall([near]) < shortfall([far])


def test_a_gate_needs_exactly_one_bound_on_a_known_metric():
    with pytest.raises(ValueError, match="either at_least or at_most"):
        Gate(metric="speedup")
    with pytest.raises(ValueError, match="not a metric"):
        Gate(metric="spedup", at_least=1.0)


def test_the_default_gates_are_accuracy_speed_memory_and_steadiness():
    assert [(gate.metric, gate.sign, gate.bound) for gate in DEFAULT_GATES] == [
        ("accuracy_retained", ">=", 0.95),
        ("speedup", ">=", 2.0),
        ("memory_cut", ">=", 0.5),
        ("latency_variation", "<=", 0.25),
        ("block_variation", "<=", 0.05),
        ("latency_drift", "<=", 0.1),
    ]


UNSTEADY = Policy(gates=(Gate(metric="block_variation", at_most=0.05),))


@pytest.mark.parametrize(
    ("figure", "low", "high", "outcome"),
    [
        (0.03, 0.02, 0.09, Outcome.PASS),
        (0.06, 0.03, 0.15, Outcome.INCONCLUSIVE),
        (0.2, 0.1, 0.5, Outcome.FAIL),
    ],
)
def test_steadiness_is_passed_by_its_figure_and_failed_by_its_whole_interval(figure, low, high, outcome):
    assert judge_all(UNSTEADY, {"block_variation": value(figure, low, high)})[0].outcome is outcome


def test_steadiness_waits_for_the_confirmation_and_a_look_at_what_was_explored_does_without():
    values = {"block_variation": value(0.01, 0.005, 0.02)}
    waiting = judge_all(UNSTEADY, values, Circumstances(confirmed=False))
    assert overall(waiting) is Outcome.INCONCLUSIVE
    explored = judge_all(UNSTEADY, values, Circumstances(confirmed=False, explored=True))
    assert overall(explored) is Outcome.PASS


def test_a_single_block_decides_a_gate_on_time_only_from_far_away():
    gate = Gate(metric="decode_tok_s", at_least=148.0)

    def once(speed):
        one = Value(value=speed, unit="token/s", label=Label.MEASURED, method="m", n=1)
        return judge_all(Policy(gates=(gate,)), {"decode_tok_s": one})[0].outcome

    assert once(140.0) is once(160.0) is Outcome.INCONCLUSIVE
    assert once(60.0) is Outcome.FAIL
    assert once(400.0) is Outcome.PASS


def test_memory_of_a_single_block_is_compared_as_it_is():
    gate = Gate(metric="memory_cut", at_least=0.5)
    one = Value(value=0.51, unit="1", label=Label.DERIVED, method="m", n=1)
    assert judge_all(Policy(gates=(gate,)), {"memory_cut": one})[0].outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("metric", "circumstances", "needs"),
    [
        ("speedup", Circumstances(), Needs.ROUNDS),
        ("accuracy_retained", Circumstances(), Needs.TEXT),
        ("speedup", Circumstances(doubts={"speedup": told("noisy")}), Needs.QUIET_HOST),
        ("memory_cut", Circumstances(doubts={"memory_cut": told("pages were reclaimed")}), Needs.MEMORY),
        ("speedup", Circumstances(elsewhere=True), Needs.DEVICE),
        ("latency_drift", Circumstances(confirmed=False), Needs.CONFIRMATION),
    ],
)
def test_an_open_gate_says_what_would_decide_it(metric, circumstances, needs):
    gate = (
        Gate(metric=metric, at_least=2.0) if metric != "latency_drift" else Gate(metric=metric, at_most=0.1)
    )
    verdict = judge_all(Policy(gates=(gate,)), {metric: value(2.0, 1.0, 3.0)}, circumstances)[0]
    assert (verdict.outcome, verdict.needs) == (Outcome.INCONCLUSIVE, needs)


def test_a_decided_gate_needs_nothing_and_one_without_a_figure_needs_a_figure():
    assert judge(SPEED, value(3.0)).needs is None
    assert judge(SPEED, None).needs is Needs.FIGURE


def test_a_doubt_opens_even_a_passed_gate():
    doubted = judge_all(
        Policy(gates=(SPEED,)), {"speedup": value(9.0)}, Circumstances(doubts={"speedup": "why"})
    )
    assert doubted[0].outcome is Outcome.INCONCLUSIVE
    assert not doubted[0].excused
