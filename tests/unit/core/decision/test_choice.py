from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.decision.choice import choose
from edgewright.core.decision.pareto import UNKNOWN
from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.decision.ranking import Contender, points_of, ranked, shortlist
from edgewright.core.decision.verdict import Outcome, judge
from edgewright.core.measurement.quantity import Label, Value

EQUAL = Policy()


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
def test_the_choice_lies_on_the_front(contenders):
    choice = choose(contenders, EQUAL)
    assert choice.chosen in choice.front
    assert choice.scores[choice.chosen] == max(choice.scores.values())


@given(points, st.floats(0.5, 50))
def test_the_scale_of_preferences_does_not_matter(contenders, factor):
    larger = Policy(prefer={name: weight * factor for name, weight in EQUAL.prefer.items()})
    one, other = dict(ranked(contenders, EQUAL)), dict(ranked(contenders, larger))
    assert all(abs(one[name] - other[name]) < 1e-9 for name in one)


def test_preferences_move_the_choice_along_the_front():
    fast, exact = contender("fast", 100, 0.5, 100), contender("exact", 50, 0.001, 200)
    assert choose([fast, exact], Policy(prefer={"speed": 1.0})).chosen == "fast"
    assert choose([fast, exact], Policy(prefer={"accuracy": 1.0})).chosen == "exact"


def test_an_order_of_objectives_decides_one_after_the_other():
    fast, near, exact = (
        contender("fast", 100, 0.5, 100),
        contender("near", 99, 0.1, 150),
        contender("exact", 50, 0.001, 200),
    )
    in_order = Policy(order=("speed", "accuracy"))
    assert choose([fast, near, exact], in_order).chosen == "near"
    assert "comes first by speed, then accuracy" in choose([fast, near, exact], in_order).reasons[1]
    assert [name for name, _ in ranked([fast, near, exact], in_order)] == ["near", "fast", "exact"]


def test_a_speed_that_could_be_the_same_does_not_decide_an_order():
    sure, unsure = values(100, 0.5, 100), values(80, 0.1, 100)
    unsure["decode_tok_s"] = replace(unsure["decode_tok_s"], ci_low=60.0, ci_high=110.0)
    both = [
        Contender(id="sure", values=sure, verdicts=()),
        Contender(id="unsure", values=unsure, verdicts=()),
    ]
    assert choose(both, Policy(order=("speed", "accuracy"))).chosen == "unsure"


def test_what_is_wished_for_is_an_axis_of_the_front():
    """Slower, larger in memory and less exact, but smaller on disk: worth keeping only if the size is wished for."""
    large, small = contender("large", 100, 0.1, 100), contender("small", 90, 0.2, 110)
    for one, size in ((large, 200.0), (small, 100.0)):
        one.values["size_bytes"] = Value(value=size, unit="byte", label=Label.MEASURED, method="m")
    assert choose([large, small], EQUAL).front == ("large",)
    assert choose([large, small], Policy(prefer={"size": 1.0})).front == ("large", "small")


def test_an_estimate_is_no_figure_to_choose_by():
    one = values(100, 0.1, 100) | {
        "energy_j_per_token": Value(value=1.0, unit="J/token", label=Label.ESTIMATED, method="m")
    }
    point = points_of([Contender(id="one", values=one, verdicts=())], Policy(prefer={"energy": 1.0}))["one"][
        "energy"
    ]
    assert point is UNKNOWN


def test_builds_that_fail_are_not_on_the_shortlist_and_the_front_comes_first():
    best, beaten, bad = (
        contender("best", 90, 0.1, 100),
        contender("beaten", 80, 0.2, 120),
        contender("bad", 10, 0.01, 10, bound=40),
    )
    assert [c.id for c in shortlist([beaten, bad, best], EQUAL)] == ["best", "beaten"]


def test_a_doubt_that_more_data_may_settle_well_does_not_push_a_build_back():
    gate = Gate(metric="accuracy_retained", at_least=0.95)

    def kept(name, speed, accuracy, spread):
        value = Value(
            value=accuracy,
            unit="1",
            label=Label.DERIVED,
            method="m",
            ci_low=accuracy - spread,
            ci_high=accuracy + spread,
        )
        figures = {**values(speed, 0.1, 100), "accuracy_retained": value}
        return Contender(id=name, values=figures, verdicts=(judge(gate, value),))

    likely, sure, unlikely = (
        kept("likely", 100, 0.97, 0.03),
        kept("sure", 80, 0.99, 0.01),
        kept("unlikely", 120, 0.94, 0.03),
    )
    assert {str(c.verdicts[0].outcome) for c in (likely, unlikely)} == {"inconclusive"}
    listed = shortlist([unlikely, sure, likely], Policy(prefer={"speed": 1.0}))
    assert [c.id for c in listed] == ["likely", "sure", "unlikely"]
    assert choose([unlikely, sure, likely], Policy(prefer={"speed": 1.0})).chosen == "sure"


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
    choice = choose([fast, exact], Policy(prefer={"speed": 2.0, "accuracy": 1.0}))
    assert choice.runner_up == "exact"
    assert "worse speed" in choice.reasons[-1]
    assert "better accuracy" in choice.reasons[-1]


def test_the_verdict_of_a_contender_is_what_decides():
    assert contender("x", 10, 0.1, 1, bound=20).verdicts[0].outcome is Outcome.FAIL


def undecided(name, speed, spread, *, bound, confirmed=True):
    figures = values(speed, 0.1, 100)
    figures["decode_tok_s"] = replace(
        figures["decode_tok_s"], ci_low=speed - spread, ci_high=speed + spread, n=4
    )
    verdict = judge(Gate(metric="decode_tok_s", at_least=bound), figures["decode_tok_s"])
    return Contender(id=name, values=figures, verdicts=(verdict,), confirmed=confirmed)


def test_where_no_gate_fails_and_one_is_open_the_best_by_its_figures_is_recommended_provisionally():
    keeps, misses = undecided("keeps", 160, 20, bound=148), undecided("misses", 140, 20, bound=148)
    failing = undecided("failing", 100, 5, bound=148)
    choice = choose([misses, failing, keeps], EQUAL)
    assert choice.chosen == "keeps"
    assert choice.provisional
    assert [v.gate.metric for v in choice.open_gates] == ["decode_tok_s"]
    assert "160 against >= 148, interval 140 to 180" in choice.open_gates[0].reason
    assert choice.runner_up == "misses"
    assert choice.nearest_miss is None
    assert "1 fail a gate, and none passes every one" in choice.reasons[0]


def test_a_confirmed_build_is_recommended_provisionally_before_one_that_was_only_explored():
    quick = undecided("quick", 170, 40, bound=148, confirmed=False)
    sure = undecided("sure", 160, 20, bound=148)
    assert choose([quick, sure], EQUAL).chosen == "sure"


def test_where_every_figure_misses_the_one_that_misses_least_is_recommended_provisionally():
    far, near = undecided("far", 120, 40, bound=148), undecided("near", 140, 20, bound=148)
    assert choose([far, near], EQUAL).chosen == "near"
    assert [c.id for c in shortlist([far, near], EQUAL)] == ["near", "far"]


def test_a_strict_policy_recommends_nothing_that_is_open():
    choice = choose([undecided("keeps", 160, 20, bound=148)], Policy(strict=True))
    assert choice.chosen is None
    assert not choice.provisional
    assert choice.nearest_miss == "keeps"


def test_a_build_that_passes_is_recommended_before_a_better_one_that_is_open():
    slow, fast = undecided("slow", 150, 1, bound=148), undecided("fast", 190, 45, bound=148)
    choice = choose([fast, slow], Policy(prefer={"speed": 1.0}))
    assert choice.chosen == "slow"
    assert not choice.provisional
    assert choice.open_gates == ()


def test_where_every_build_fails_nothing_is_recommended():
    assert choose([undecided("bad", 100, 5, bound=148)], EQUAL).chosen is None


def test_a_build_that_was_only_explored_comes_after_the_confirmed_and_is_never_more_than_provisional():
    seen = undecided("seen", 200, 1, bound=148, confirmed=False)
    sure = undecided("sure", 160, 1, bound=148)
    fast = Policy(prefer={"speed": 1.0})
    assert choose([seen, sure], fast).chosen == "sure"
    assert choose([seen], fast).provisional
    what_if = choose([seen, sure], fast, explored=True)
    assert (what_if.chosen, what_if.provisional) == ("seen", True)
    assert choose([seen, sure], replace(fast, strict=True), explored=True).chosen == "sure"
