from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.choice import Contender, choose, dominates, normalized, pareto_front
from edgewright.core.policy import OBJECTIVES, Gate
from edgewright.core.quantity import Label, Value
from edgewright.core.verdict import Outcome, judge

EQUAL = dict.fromkeys(OBJECTIVES, 1.0)


def values(speed, kl, memory):
    numbers = {"decode_tok_s": speed, "kl_divergence": kl, "peak_bytes": memory}
    return {name: Value(value=v, unit="1", label=Label.MEASURED, method="m") for name, v in numbers.items()}


def contender(name, speed, kl, memory, *, bound=0.0):
    v = values(speed, kl, memory)
    return Contender(
        id=name, values=v, verdicts=(judge(Gate(metric="decode_tok_s", at_least=bound), v["decode_tok_s"]),)
    )


points = st.lists(
    st.tuples(st.floats(1, 100), st.floats(0.001, 1), st.floats(1, 1000)), min_size=1, max_size=12
).map(lambda rows: [contender(f"c{i}", *row) for i, row in enumerate(rows)])


@given(points)
def test_nothing_on_the_front_is_dominated_and_all_else_is(contenders):
    front = pareto_front(contenders)
    assert front
    for c in contenders:
        beaten = any(dominates(o.values, c.values) for o in contenders)
        assert beaten != (c in front)


@given(points)
def test_no_build_dominates_itself_and_never_both_ways(contenders):
    for a in contenders:
        assert not dominates(a.values, a.values)
        for b in contenders:
            assert not (dominates(a.values, b.values) and dominates(b.values, a.values))


@given(points)
def test_the_choice_lies_on_the_front(contenders):
    choice = choose(contenders, EQUAL)
    assert choice.chosen in choice.front
    assert choice.scores[choice.chosen] == max(choice.scores.values())


@given(points, st.floats(0.5, 50))
def test_the_scale_of_preferences_does_not_matter(contenders, factor):
    scaled = {name: weight * factor for name, weight in EQUAL.items()}
    one, other = normalized(contenders, EQUAL), normalized(contenders, scaled)
    assert all(abs(one[name] - other[name]) < 1e-9 for name in one)


def test_preferences_move_the_choice_along_the_front():
    fast, exact = contender("fast", 100, 0.5, 100), contender("exact", 50, 0.001, 200)
    assert choose([fast, exact], {"speed": 1.0}).chosen == "fast"
    assert choose([fast, exact], {"accuracy": 1.0}).chosen == "exact"


def test_a_build_that_fails_a_gate_is_never_chosen():
    good, fast = contender("good", 50, 0.1, 100, bound=40), contender("fast", 30, 0.01, 10, bound=40)
    choice = choose([good, fast], EQUAL)
    assert choice.chosen == "good"
    assert "1 fail a gate, and good passes every one" in choice.reasons[0]


def test_where_none_passes_the_nearest_miss_is_named_with_what_it_missed():
    near, far = contender("near", 39, 0.1, 100, bound=40), contender("far", 3, 0.1, 100, bound=40)
    choice = choose([far, near], EQUAL)
    assert choice.chosen is None
    assert choice.nearest_miss == "near"
    assert "39 against >= 40" in choice.missed[0]


def test_without_any_measured_build_the_choice_says_so():
    assert choose([], EQUAL).reasons == ("no build could be measured",)


def test_the_runner_up_is_compared_in_words():
    fast, exact = contender("fast", 100, 0.5, 100), contender("exact", 50, 0.001, 200)
    choice = choose([fast, exact], {"speed": 2.0, "accuracy": 1.0})
    assert choice.runner_up == "exact"
    assert "worse speed" in choice.reasons[-1]
    assert "better accuracy" in choice.reasons[-1]


def test_the_verdict_of_a_contender_is_what_decides():
    assert contender("x", 10, 0.1, 1, bound=20).verdicts[0].outcome is Outcome.FAIL
