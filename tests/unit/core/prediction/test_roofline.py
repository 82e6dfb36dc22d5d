import pytest

from edgewright.core.prediction.roofline import Capability, bytes_per_token, flop_per_token, roofline
from edgewright.report.sentences import sentence
from edgewright.testing import facts

HOST = Capability(read_gb_s=10.0, gflop_s=100.0, cores=2, last_level_cache_bytes=1_000_000, method="m")


def at(weight_bytes=100_000_000, model=None, host=HOST, speed=50.0):
    return roofline(
        host, weight_bytes, model or facts(), prompt_tokens=100, decode_tokens=20, decode_tok_s=speed
    )


def test_a_token_reads_every_weight_and_the_cache_of_its_context():
    model = facts(layers=2, kv_heads=2, head_size=16, tied_embeddings=True)
    assert bytes_per_token(1000, model, 10) == 1000 + 2 * 2 * 2 * 16 * 10 * 2


def test_of_untied_embeddings_one_row_is_read():
    model = facts(parameters=1000, embedding_parameters=400, tied_embeddings=False)
    assert bytes_per_token(1000, model, 0) == pytest.approx(600)


def test_a_prefilled_token_multiplies_every_weight_once_and_attends_to_half_of_the_context():
    model = facts(parameters=1000, tied_embeddings=True, layers=2, heads=4, head_size=16)
    assert flop_per_token(model, 10) == 2000 + 4 * 2 * 4 * 16 * 5


def test_the_bound_is_bandwidth_over_bytes():
    assert at().decode.tok_s == pytest.approx(10e9 / at().decode.per_token)


def test_a_speed_above_its_bound_is_inconsistent():
    assert not at(speed=90.0).inconsistent
    assert at(speed=120.0).inconsistent.code == "above_bandwidth"


def test_a_model_that_fits_in_the_cache_has_no_bound_and_is_not_inconsistent():
    small = at(weight_bytes=1_500_000, speed=1e6)
    assert small.decode.tok_s is None
    assert "cache-resident" in sentence(small.decode.reason)
    assert not small.inconsistent


def test_of_a_mixture_of_experts_nothing_is_claimed():
    bound = at(model=facts(experts=8))
    assert bound.decode.tok_s is None
    assert bound.prefill.tok_s is None


def test_files_of_unknown_dimensions_have_a_decode_bound_only():
    bound = roofline(HOST, 100_000_000, None, prompt_tokens=1, decode_tokens=2, decode_tok_s=1.0)
    assert bound.decode.tok_s == pytest.approx(100.0)
    assert bound.prefill.tok_s is None
