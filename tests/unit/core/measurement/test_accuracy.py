import math

import pytest

from edgewright.core.measurement.accuracy import accuracy_values, joined, length_values
from edgewright.testing import scores


def test_perplexity_is_the_exponential_of_the_mean_loss():
    values = accuracy_values(scores(0.1))
    assert values["perplexity"].value == pytest.approx(math.exp(3.1))
    assert values["perplexity_increase"].value == pytest.approx(math.exp(0.1) - 1)


def test_what_is_retained_has_an_interval_from_the_same_positions():
    kept = accuracy_values(scores(right=0.495))["accuracy_retained"]
    assert kept.value == pytest.approx(0.99, abs=1e-3)
    assert kept.ci_low < 0.99 < kept.ci_high
    assert kept.n == 2044


def test_two_texts_score_as_one():
    whole = joined([scores(0.1), scores(0.3)])
    assert accuracy_values(whole)["kl_divergence"].value == pytest.approx(0.2)
    assert len(whole.nll) == sum(whole.windows) == 2 * 2044


def test_figures_without_a_reference_are_the_models_own():
    from dataclasses import replace

    alone = accuracy_values(replace(scores(), against=None))
    assert set(alone) == {"perplexity", "next_token_accuracy"}


def test_a_build_that_talks_twice_as_long_is_told():
    from dataclasses import replace

    short, long = (replace(scores(), lengths=lengths) for lengths in ((10, 20), (20, 40)))
    found = length_values(long, short)["output_length_ratio"]
    assert found.value == pytest.approx(2.0)
    assert "a different length" in found.method
    assert "a different length" not in length_values(short, short)["output_length_ratio"].method
    assert length_values(scores(), short) == {}
