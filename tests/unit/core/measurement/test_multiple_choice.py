import pytest
from scipy.stats import binomtest

from edgewright.core.decision.verdict import Outcome
from edgewright.core.measurement.likelihood import Likelihood
from edgewright.core.measurement.multiple_choice import (
    TaskItem,
    TaskSet,
    accuracy,
    by_category,
    item_scores,
    retention,
    verdict,
)
from edgewright.report.sentences import verdict_sentence


def tasks(*rows):
    items = tuple(
        TaskItem(id=str(i), question="q", choices=choices, answer=answer, category=category)
        for i, (choices, answer, category) in enumerate(rows)
    )
    return TaskSet(name="t", sha256="0", items=items)


def answered(task_set, *totals):
    return item_scores(task_set, [Likelihood(total=t, greedy=False) for t in totals])


def flags(right, wrong):
    """Scores of items of which so many were answered rightly."""
    task_set = tasks(*[(("a", "b"), 0, "")] * (right + wrong))
    return answered(task_set, *[-1.0, -2.0] * right, *[-2.0, -1.0] * wrong)


def test_the_prompt_is_the_documented_one():
    (item,) = tasks((("yes", "no"), 0, "")).items
    assert item.context == "Question: q\nAnswer:"
    assert item.continuations == (" yes", " no")


def test_the_likeliest_choice_is_taken_and_per_character_another_may_be():
    (score,) = answered(tasks((("a", "four"), 1, "c")), -2.0, -4.0)
    assert (score.chosen, score.chosen_normalized) == (0, 1)
    assert (score.correct, score.correct_normalized) == (False, True)
    assert score.likelihoods == (-2.0, -4.0)


def test_the_first_of_equals_is_taken():
    (score,) = answered(tasks((("a", "b"), 0, "")), -1.0, -1.0)
    assert score.correct


def test_answers_that_do_not_fit_the_choices_are_refused():
    with pytest.raises(ValueError, match="do not match"):
        answered(tasks((("a", "b"), 0, "")), -1.0)


def test_chance_is_the_mean_over_items():
    assert tasks((("a", "b"), 0, ""), (("a", "b", "c", "d"), 0, "")).chance == pytest.approx(0.375)


@pytest.mark.parametrize(("right", "n"), [(0, 5), (5, 5), (37, 56), (153, 224)])
def test_the_interval_is_wilsons(right, n):
    value = accuracy([True] * right + [False] * (n - right))
    known = binomtest(right, n).proportion_ci(method="wilson")
    assert value.value == right / n
    assert (value.ci_low, value.ci_high) == pytest.approx((known.low, known.high), abs=1e-12)
    assert value.n == n


def test_categories_are_counted_apart():
    task_set = tasks((("a", "b"), 0, "x"), (("a", "b"), 1, "y"), (("a", "b"), 0, "x"))
    found = by_category(answered(task_set, -1, -2, -1, -2, -2, -1))
    assert {name: (value.value, value.n) for name, value in found.items()} == {"x": (0.5, 2), "y": (0.0, 1)}
    assert by_category(flags(1, 1)) == {}


def test_a_build_that_answers_as_its_baseline_passes():
    base = flags(160, 64)
    kept = retention(base, base)
    assert kept.value == 1.0
    answer = verdict(kept, base, chance=0.25, at_least=0.9)
    assert answer.outcome is Outcome.PASS
    assert answer.gate.metric == "task_accuracy_retained"


def test_a_build_that_lost_half_fails():
    base = flags(160, 64)
    assert verdict(retention(flags(80, 144), base), base, chance=0.25, at_least=0.95).outcome is Outcome.FAIL


def test_a_baseline_that_guesses_proves_nothing():
    base = flags(60, 164)
    answer = verdict(retention(base, base), base, chance=0.25, at_least=0.95)
    assert answer.outcome is Outcome.INCONCLUSIVE
    assert "25.0% of guessing" in verdict_sentence(answer)


def test_a_baseline_without_a_right_answer_gives_no_figure():
    base = flags(0, 8)
    assert retention(base, base).value is None
    assert verdict(retention(base, base), base, chance=0.5, at_least=0.95).outcome is Outcome.INCONCLUSIVE
