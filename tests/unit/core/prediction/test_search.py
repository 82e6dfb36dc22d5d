"""What is tried next: expectations from what was measured, bounds that rule out, and a search that beats chance."""

from __future__ import annotations

from random import Random
from statistics import mean

from edgewright.core.decision.pareto import hypervolume
from edgewright.core.prediction.expectation import Prospect, Seen, place
from edgewright.core.prediction.search import batch, propose

METRICS = ("decode_tok_s", "kl_divergence", "peak_bytes")
USELESS = {"decode_tok_s": 10.0, "kl_divergence": 1.0, "peak_bytes": 500e6, "size_bytes": 500e6}

PREFILL = {"prefill_tok_s": 300.0, "ttft_ms": 400.0}


def seen(name, size, tok_s, kl, raw, framework="a"):
    figures = {"decode_tok_s": tok_s, "kl_divergence": kl, "peak_bytes": size + 50e6, "size_bytes": size}
    return Seen(id=name, framework=framework, figures={**figures, **PREFILL}, raw_kl=raw, held_bytes=size)


def option(name, size, raw, framework="a", seconds=10.0):
    return Prospect(
        id=name, framework=framework, size_bytes=size, raw_kl=raw, held_bytes=size, seconds=seconds
    )


PLAIN = seen("fp16", 270e6, 50.0, 1e-6, 0.0)
INT8 = seen("int8", 140e6, 100.0, 0.004, 0.001)


def test_what_cannot_add_to_the_front_is_ruled_out_by_name():
    slow = seen("slow", 260e6, 20.0, 0.5, 0.5, framework="b")
    good = seen("good", 60e6, 400.0, 0.0002, 0.001)
    hopeful, hopeless = propose(
        [PLAIN, INT8, good, slow], [option("worse", 250e6, 0.4, "b")], USELESS, METRICS, rng=Random(0)
    )
    assert not hopeful
    assert "nowhere better than" in hopeless[0].reason


def test_what_no_gate_would_let_through_is_ruled_out_with_the_gate():
    tight = {**USELESS, "peak_bytes": 100e6}
    _, hopeless = propose([PLAIN, INT8], [option("large", 200e6, 0.001)], tight, METRICS, rng=Random(0))
    assert "of peak memory" in hopeless[0].reason


def test_the_roofline_bounds_what_is_hoped_for():
    fast = option("fast", 60e6, 0.0005)
    assert propose([PLAIN, INT8], [fast], USELESS, METRICS, rng=Random(0))[0]
    bounded, ruled_out = propose(
        [PLAIN, INT8], [fast], USELESS, METRICS, rng=Random(0), fastest={"fast": 9.0}
    )
    assert not bounded
    assert "tokens/s" in ruled_out[0].reason


def test_what_is_slow_to_decode_is_tried_where_prefill_is_wished_for():
    def built(name, framework, tok_s, prefill, kl, peak):
        figures = {"decode_tok_s": tok_s, "kl_divergence": kl, "peak_bytes": peak, "size_bytes": 100e6}
        return Seen(
            id=name,
            framework=framework,
            figures={**figures, **PREFILL, "prefill_tok_s": prefill},
            raw_kl=kl,
            held_bytes=100e6,
        )

    known = [
        built("a/int8", "a", 400.0, 300.0, 0.002, 120e6),
        built("b/int8", "b", 100.0, 500.0, 0.01, 150e6),
    ]
    options, useless = [option("b/other", 100e6, 0.01, "b")], {**USELESS, "prefill_tok_s": 30.0}
    without, _ = propose(known, options, useless, METRICS, rng=Random(0))
    wished, _ = propose(known, options, useless, (*METRICS, "prefill_tok_s"), rng=Random(0))
    assert not without
    assert wished


def test_of_two_alike_the_cheaper_comes_first():
    options = [option("dear", 80e6, 0.05, seconds=200.0), option("cheap", 80e6, 0.05, seconds=5.0)]
    hopeful, _ = propose([PLAIN, INT8], options, USELESS, METRICS, rng=Random(0))
    assert [proposal.option.id for proposal in hopeful] == ["cheap", "dear"]


def test_a_seed_says_what_is_drawn():
    options = [option(f"o{n}", 60e6 + 5e6 * n, 0.5 / (n + 1)) for n in range(12)]

    def chosen(seed):
        found, _ = batch([PLAIN, INT8], options, USELESS, METRICS, most=3, rng=Random(seed))
        return [proposal.option.id for proposal in found]

    assert chosen(1) == chosen(1)
    assert len(set(chosen(1))) == 3


def truth(framework, size, raw):
    """A world whose frameworks differ in speed, floor and memory, and whose builds scatter about their trend."""
    rng = Random(f"{framework}{size}{raw}")
    speed, floor, beside = {"a": (1.0, 0.003, 40e6), "b": (0.6, 0.001, 90e6), "c": (0.2, 0.0, 30e6)}[
        framework
    ]
    tok_s = speed * 2.2e10 / (size + 20e6) * rng.lognormvariate(0.0, 0.08)
    return {
        "decode_tok_s": tok_s,
        "kl_divergence": raw * rng.lognormvariate(0.3, 0.3) + floor,
        "peak_bytes": size + beside,
        "size_bytes": size,
        **PREFILL,
    }


def space():
    found = []
    for framework in "abc":
        for n in range(18):
            bits = 2.5 + 0.35 * n
            found.append(option(f"{framework}/{bits:.2f}", 17e6 * bits, 60 * 4.0**-bits, framework))
    return found


def volume(ids):
    by_id = {o.id: o for o in space()}
    points = [place(truth(by_id[i].framework, by_id[i].size_bytes, by_id[i].raw_kl), METRICS) for i in ids]
    return hypervolume(points, place(USELESS, METRICS))


def tried(seed, most):
    first = [
        Seen(id=f"{f}/fp16", framework=f, figures=truth(f, 270e6, 1e-6), raw_kl=0.0, held_bytes=270e6)
        for f in "abc"
    ]
    known, left = first, space()
    while left and len(known) - 3 < most:
        rng = Random(f"{seed}/{len(known)}")
        found, _ = batch(known, left, USELESS, METRICS, most=3, rng=rng)
        if not found:
            break
        for proposal in found:
            o = proposal.option
            known.append(
                Seen(
                    id=o.id,
                    framework=o.framework,
                    figures=truth(o.framework, o.size_bytes, o.raw_kl),
                    raw_kl=o.raw_kl,
                    held_bytes=o.held_bytes,
                )
            )
        gone = {one.id for one in known}
        left = [o for o in left if o.id not in gone]
    return [one.id for one in known[3:]]


def test_a_third_of_the_space_gives_nearly_all_of_its_front_and_chance_does_not():
    whole = volume([o.id for o in space()])
    searched = volume(tried(0, 18)) / whole
    drawn = [volume([o.id for o in Random(seed).sample(space(), 18)]) / whole for seed in range(8)]
    assert searched > 0.93
    assert searched > mean(drawn) + 0.02
