"""Work beside other work: in order for the reader, ended as a whole."""

import threading

import pytest

from edgewright.app.optimize.parallel import at_once, run_parallel
from edgewright.testing import FakeRunner, facts
from tests.world import HOST


class Stoppable(FakeRunner):
    """Remembers that it was stopped."""

    stopped = False

    def stop(self):
        self.stopped = True


def test_results_come_in_the_tasks_order_whatever_ends_first():
    second_done = threading.Event()

    def first():
        assert second_done.wait(10)
        return 1

    def second():
        second_done.set()
        return 2

    got = []
    run_parallel(FakeRunner(), 2, [first, second, lambda: 3], got.append)
    assert got == [1, 2, 3]


def test_an_interrupt_stops_what_runs_and_forgets_what_waits():
    runner, began = Stoppable(), []

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_parallel(runner, 1, [lambda: 1, *[lambda: began.append(1)] * 50], interrupt)
    assert runner.stopped
    assert len(began) < 50


def test_a_model_that_fills_the_memory_is_built_one_at_a_time():
    small, large = facts(), facts()
    assert at_once(HOST, small) >= 1
    from dataclasses import replace

    large = replace(large, parameters=HOST.available_memory_bytes)
    assert at_once(HOST, large) == 1
