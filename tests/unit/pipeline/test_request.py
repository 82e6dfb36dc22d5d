"""What a run is asked to do."""

from edgewright.pipeline.request import Request, score_limit


def test_a_build_gets_half_as_long_again_as_the_original_took_and_ten_seconds_at_least():
    assert score_limit(Request.score_limit_s, 2.0) == 10.0
    assert score_limit(Request.score_limit_s, 40.0) == 60.0
