"""What makes a block not count."""

from dataclasses import replace

import pytest

from edgewright.core.measurement.memory import Memory, MemoryPhase, inconsistency
from edgewright.core.measurement.noise import Noise, Sentinel, disturbance, is_noisy_host, is_surely_noisy
from edgewright.core.measurement.rounds import (
    Invalid,
    Round,
    counted,
    host_noise,
    is_worth_waiting_for,
    numbered,
    usual,
)
from edgewright.reasons import because, told
from edgewright.report.sentences import sentences
from edgewright.testing import block

NORMAL = Sentinel(gflop_s=100.0, read_gb_s=10.0)


@pytest.mark.parametrize(
    ("noise", "word"),
    [
        ({"steal": 0.02}, "hypervisor"),
        ({"foreign_cpu": 0.2}, "other processes"),
        ({"throttled": 1}, "throttled"),
        ({"swapped_in_pages": 3}, "swapped"),
        (
            {"before": Sentinel(gflop_s=85.0, read_gb_s=10.0)},
            "the host's speed of computing before the block",
        ),
        (
            {"after": Sentinel(gflop_s=100.0, read_gb_s=11.5)},
            "the host's speed of reading memory after the block",
        ),
    ],
)
def test_a_disturbed_block_says_by_what(noise, word):
    assert word in sentences(disturbance(Noise(wall_s=10.0, **noise), NORMAL))


def test_a_block_disturbed_twice_says_both():
    causes = disturbance(Noise(wall_s=10.0, steal=0.02, foreign_cpu=0.2), NORMAL)
    assert causes == (because("stolen", share=0.02), because("others_ran", share=0.2))


def test_a_quiet_block_counts_and_what_is_unknown_disturbs_nothing():
    assert not disturbance(Noise(wall_s=10.0), NORMAL)
    quiet = Noise(wall_s=10.0, steal=0.001, foreign_cpu=0.01, throttled=0, swapped_in_pages=0, before=NORMAL)
    assert not disturbance(quiet, NORMAL)


def test_without_a_usual_figure_the_sentinel_disturbs_nothing():
    slow = Sentinel(gflop_s=1.0, read_gb_s=1.0)
    assert not disturbance(Noise(wall_s=10.0, before=slow), None)


def test_over_thirty_percent_disturbed_is_a_noisy_host():
    assert is_noisy_host(4, 10)
    assert not is_noisy_host(3, 10)
    assert not is_noisy_host(0, 0)


def test_the_usual_figure_is_the_median_of_at_least_three():
    def watched(rate):
        return block(noise=Noise(wall_s=1.0, before=Sentinel(gflop_s=rate, read_gb_s=1.0)))

    rounds = [Round(blocks={"a": watched(r)}, order=("a",)) for r in (90.0, 100.0)]
    assert usual(rounds) is None
    rounds.append(Round(blocks={"a": watched(50.0)}, order=("a",)))
    assert usual(rounds).gflop_s == 90.0


def test_a_host_that_leaves_its_usual_speed_too_often_excuses_unsteadiness():
    def seen(share):
        sentinel = Sentinel(gflop_s=100.0 * share, read_gb_s=10.0)
        return block(noise=Noise(wall_s=1.0, before=sentinel, after=sentinel))

    def host(shares):
        return host_noise([Round(blocks={"a": seen(share)}, order=("a",)) for share in shares])

    calm, wild = host([1.0] * 8 + [0.93] * 2), host([1.0] * 6 + [0.93] * 4)
    assert (calm.unsteady, calm.invalid, calm.excuse) == (2, 0, None)
    assert wild.excuse == because("host_unsteady", limit=0.05, off=4, blocks=10)
    assert host([]).excuse is None


def host_of(*speeds):
    """A host with ten counted blocks and refused ones: the host's own speed there, or None for what else ran."""
    invalid = tuple(Invalid(arm="a", causes=(told("so"),), speed=speed) for speed in speeds)
    rounds = [
        Round(blocks={"a": block()}, order=("a",), invalid=invalid if k == 0 else ()) for k in range(10)
    ]
    return host_noise(rounds)


def test_a_host_noisy_by_its_own_speed_alone_says_how_far_it_changed():
    host = host_of(0.8, 1.1, 0.9, 0.85, 0.88, None)
    assert host.noisy
    assert not host.is_mute
    assert host.swing == pytest.approx(1.1 / 0.8)
    assert host.excuse == because("host_unsteady", limit=0.10, off=6, blocks=16)


def test_blocks_that_count_in_spite_of_a_swing_still_say_how_far_it_went():
    kept = Round(blocks={"a": block()}, order=("a",), kept_speeds={"a": 0.5})
    host = host_noise([kept, *[Round(blocks={"a": block()}, order=("a",))] * 2])
    assert (host.invalid, host.kept, host.noisy, host.swing) == (0, 1, True, 2.0)
    assert host.excuse == because("host_unsteady", limit=0.10, off=1, blocks=3)


def test_a_host_is_waited_for_while_its_own_speed_spoils_few_blocks():
    quiet = Round(blocks={"a": block()}, order=("a",))
    slow, others = Invalid(arm="a", causes=(), speed=0.8), Invalid(arm="a", causes=())
    assert is_worth_waiting_for([])
    assert is_worth_waiting_for([replace(quiet, invalid=(slow,)), quiet, quiet])
    assert not is_worth_waiting_for([replace(quiet, invalid=(slow,), kept_speeds={"a": 0.8}), quiet, quiet])
    assert is_worth_waiting_for([replace(quiet, invalid=(others,) * 2)] * 3)


def test_blocks_that_the_host_disturbed_count_only_where_it_is_like_that():
    quiet, off = (
        Round(blocks={"a": block()}, order=("a",)),
        Round(blocks={"a": block()}, order=("a",), kept_speeds={"a": 0.8}),
    )
    assert list(counted(numbered([off, quiet, quiet, quiet]), "a")) == ["1", "2", "3"]
    assert list(counted(numbered([off, off, quiet, quiet]), "a")) == ["0", "1", "2", "3"]
    assert not counted(numbered([quiet]), "b")


def test_a_host_noisy_by_what_else_ran_is_mute():
    host = host_of(*[None] * 8, 0.8)
    assert host.is_mute
    assert host.swing is None


def test_a_few_refused_blocks_make_no_noisy_host():
    host = host_of(0.7, 0.8)
    assert (host.noisy, host.is_mute, host.swing) == (False, False, None)


def memory(resident, weights_mapped=0, libraries=50):
    phase = MemoryPhase(
        phase="decoded",
        peak=resident + 20,
        anonymous=resident - weights_mapped - libraries,
        file=weights_mapped + libraries,
        shared=0,
        weights=weights_mapped,
    )
    return Memory(phases=(phase,), load_mode="memory-mapped", method="m")


def test_the_headline_counts_weights_and_not_library_code():
    assert memory(1000, weights_mapped=600).peak_bytes == 970


def test_fewer_resident_bytes_than_weights_mean_that_pages_were_taken_back():
    found = inconsistency(memory(400, weights_mapped=300), 500)
    assert found == because("pages_reclaimed", resident=400, needed=500)
    assert not inconsistency(memory(700, weights_mapped=500), 500)
    assert not inconsistency(memory(450, weights_mapped=300), 500, untouched_bytes=100)


def test_a_host_is_surely_noisy_before_all_blocks_are_timed_and_never_by_one_or_two():
    assert not is_surely_noisy(2, 2)
    assert is_surely_noisy(5, 5)
    assert not is_surely_noisy(5, 12)
    assert is_surely_noisy(9, 12)
