from dataclasses import dataclass, field

import pytest

from edgewright.app.optimize.eta import Estimating


@dataclass
class Clock:
    at_s: float = 0.0

    def now_s(self):
        return self.at_s

    def monotonic_s(self):
        return self.at_s


@dataclass
class Heard:
    left_s: list[float] = field(default_factory=list)

    def phase(self, text, *, left_s=None, because=()):
        del text
        self.left_s.append(left_s)


@dataclass
class Work:
    left: float = 100.0


@pytest.fixture
def world():
    clock, heard, work = Clock(), Heard(), Work()
    return clock, heard, work, Estimating(heard, clock, lambda: work.left)


def test_time_left_is_the_pace_so_far_over_what_is_left(world):
    clock, heard, work, estimating = world
    clock.at_s, work.left = 60.0, 80.0
    estimating.phase("scoring")
    assert heard.left_s == [pytest.approx(240.0)]


def test_little_work_tells_nothing_and_what_knows_its_time_is_believed(world):
    clock, heard, work, estimating = world
    clock.at_s, work.left = 60.0, 95.0
    estimating.phase("scoring")
    estimating.phase("installing", left_s=5.0)
    assert heard.left_s == [None, 5.0]


def test_steps_aside_are_not_taken_for_slow_work(world):
    clock, heard, work, estimating = world
    clock.at_s, work.left = 60.0, 80.0
    with estimating.aside():
        clock.at_s = 300.0
        estimating.phase("compiling")
    clock.at_s = 310.0
    estimating.phase("scoring")
    assert heard.left_s == [pytest.approx(240.0), pytest.approx(280.0)]
