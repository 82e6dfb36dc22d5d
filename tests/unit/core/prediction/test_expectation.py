"""What is expected of a build before it is made: from one, and from two."""

from __future__ import annotations

import pytest

from edgewright.core.prediction.expectation import Prospect, Seen, at_best, place, predictor


def seen(name, size, tok_s, kl, raw):
    figures = {"decode_tok_s": tok_s, "kl_divergence": kl, "peak_bytes": size + 50e6, "size_bytes": size}
    return Seen(
        id=name,
        framework="a",
        figures={**figures, "prefill_tok_s": 500.0, "ttft_ms": 1000.0},
        raw_kl=raw,
        held_bytes=size,
    )


def option(name, size, raw, packed=0.0):
    return Prospect(
        id=name, framework="a", size_bytes=size, raw_kl=raw, held_bytes=size + packed, seconds=10.0
    )


PLAIN = seen("fp16", 270e6, 50.0, 1e-6, 0.0)
INT8 = seen("int8", 140e6, 100.0, 0.004, 0.001)


def test_two_builds_say_what_a_byte_costs():
    line = predictor([PLAIN, INT8])
    expected = line.expected(option("x", 205e6, 0.001))
    assert expected["decode_tok_s"] == pytest.approx(1 / (0.5 * (1 / 50 + 1 / 100)), rel=1e-6)
    assert expected["peak_bytes"] == pytest.approx(255e6)
    assert expected["kl_divergence"] == pytest.approx(0.004, rel=0.05)


def test_memory_is_what_the_weights_hold_and_what_quantized_builds_needed_beside_it():
    twice = Seen(
        id="fp16", framework="a", figures={**PLAIN.figures, "peak_bytes": 700e6}, raw_kl=0.0, held_bytes=270e6
    )
    expected = predictor([twice, INT8]).expected(option("x", 90e6, 0.02, packed=60e6))
    assert expected["peak_bytes"] == pytest.approx(200e6)
    assert predictor([twice]).expected(option("x", 90e6, 0.02))["peak_bytes"] == pytest.approx(520e6)


def test_one_build_says_it_by_the_byte_alone():
    expected = predictor([PLAIN]).expected(option("x", 135e6, 0.02))
    assert expected["decode_tok_s"] == pytest.approx(100.0)
    assert expected["kl_divergence"] == pytest.approx(0.02)


def test_larger_builds_that_ran_faster_give_no_negative_time():
    odd = predictor([seen("a", 100e6, 50.0, 0.1, 0.1), seen("b", 200e6, 60.0, 0.1, 0.1)])
    assert odd.expected(option("x", 400e6, 0.1))["decode_tok_s"] > 0


def test_one_build_says_nothing_of_how_prefill_depends_on_size():
    expected = predictor([PLAIN]).expected(option("x", 90e6, 0.02))
    assert expected["prefill_tok_s"] == pytest.approx(500.0)
    assert expected["ttft_ms"] == pytest.approx(1000.0)


def test_the_best_is_better_in_every_figure_and_no_faster_than_memory_allows():
    expected = predictor([PLAIN]).expected(option("x", 90e6, 0.02))
    names = tuple(expected)
    best = at_best(expected)
    assert all(b > e for b, e in zip(place(best, names), place(expected, names), strict=True))
    assert at_best(expected, fastest_tok_s=120.0)["decode_tok_s"] == 120.0
