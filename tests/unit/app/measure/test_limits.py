"""How long a build may take to score a text."""

from edgewright.app.measure.limits import SCORE_LIMIT_S, score_limit


def test_a_build_gets_half_as_long_again_as_the_original_took_and_ten_seconds_at_least():
    assert score_limit(SCORE_LIMIT_S, 2.0) == 10.0
    assert score_limit(SCORE_LIMIT_S, 40.0) == 60.0
