"""What a round refuses, and what it gets used to."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from edgewright.app.measure.rounds import Arm, Timing, timed_round
from edgewright.core.jobs.results import BenchResult
from edgewright.core.measurement.noise import Noise, Sentinel
from edgewright.core.measurement.records import FULL, QUICK, Workload
from edgewright.core.measurement.rounds import Invalid, Round
from edgewright.reasons import because, told
from edgewright.tasks.text_generation.timing import on_ids
from edgewright.testing import (
    FakeBackend,
    FakeRunner,
    block,
    fake_context,
)


def around(speed, foreign=0.0):
    seen = Sentinel(gflop_s=100.0, read_gb_s=speed)
    return Noise(wall_s=10.0, foreign_cpu=foreign, before=seen, after=seen)


CALM = around(10.0)


QUIET = Round(blocks={name: block(noise=CALM) for name in "abc"}, order=("a", "b", "c"))
SWINGING = replace(QUIET, invalid=(Invalid(arm="a", causes=(told("slow"),), speed=0.8),) * 9)


def run(noises, tmp_path: Path, arms=("a", "b", "c"), pace=FULL, before=QUIET):
    """A round whose blocks are timed amid these noises, one after the other."""
    left = iter(noises)
    backend = FakeBackend("fake")
    context = fake_context(tmp_path, runner=FakeRunner(lambda _: BenchResult(block=block(noise=next(left)))))
    arm = Arm(name="", backend=backend, path="", runtime={}, log=tmp_path / "log")
    sides = [replace(arm, name=name) for name in arms]
    timing = Timing(job=on_ids((1,) * 128), workload=Workload(), pace=pace, before=(before,))
    rng = random.Random(1)  # an order of measurements, no secret
    finished, failures = timed_round(context, sides, timing, rng)
    assert not failures
    return finished


def test_a_host_that_is_faster_from_now_on_is_soon_the_usual_one(tmp_path):
    finished = run([around(12.0)] * 9, tmp_path)
    assert set(finished.blocks) == {"a", "b", "c"}
    assert 1 <= len(finished.invalid) <= 2
    assert finished.invalid[0].speed == pytest.approx(1.2)


def test_a_block_amid_anothers_work_is_refused_and_teaches_nothing_of_the_host(tmp_path):
    slow = around(8.0, foreign=0.4)
    finished = run([slow, slow, CALM, CALM, CALM], tmp_path)
    assert [one.speed for one in finished.invalid] == [None, None]
    assert all(i.causes[0] == because("others_ran", share=0.4) for i in finished.invalid)
    assert set(finished.blocks) == {"a", "b", "c"}


def test_an_arm_that_is_always_disturbed_has_no_block(tmp_path):
    finished = run([around(10.0, foreign=0.4)] * 3, tmp_path, arms=("a",))
    assert not finished.blocks
    assert len(finished.invalid) == 3


def test_a_host_that_swings_is_not_waited_for(tmp_path):
    finished = run([around(8.0), CALM, around(13.0)], tmp_path, before=SWINGING)
    assert set(finished.blocks) == {"a", "b", "c"}
    assert not finished.invalid
    assert sorted(finished.kept_speeds.values()) == pytest.approx([0.8, 1.3])


def test_what_else_runs_is_waited_for_on_a_swinging_host_too(tmp_path):
    finished = run([around(8.0, foreign=0.4), CALM, CALM, CALM], tmp_path, before=SWINGING)
    assert [one.speed for one in finished.invalid] == [None]
    assert not finished.kept_speeds


def test_a_quick_look_waits_for_others_to_end_and_takes_its_last_attempt(tmp_path):
    hog = around(10.0, foreign=0.5)
    finished = run([hog, CALM, *[hog] * 3, CALM], tmp_path, pace=QUICK)
    assert set(finished.blocks) == {"a", "b", "c"}
    assert len(finished.invalid) == 3


def test_a_quick_look_asks_nothing_of_the_hosts_own_speed(tmp_path):
    assert not run([around(5.0), around(20.0), CALM], tmp_path, pace=QUICK).invalid
