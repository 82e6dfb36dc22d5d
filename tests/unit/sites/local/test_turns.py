"""Who may be on the machine at a time."""

import threading

import pytest

from edgewright.sites.local.turns import Turns


@pytest.fixture(autouse=True)
def own_lock(tmp_path, monkeypatch):
    """The machine's lock, away from what else runs on it."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))


def in_a_thread(turns, *, alone):
    """A thread that takes a turn; the events say when it has it and let it go."""
    inside, leave = threading.Event(), threading.Event()

    def work():
        with turns.take(lambda _: None, alone=alone):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, inside, leave


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [(False, False, True), (False, True, False), (True, False, False), (True, True, False)],
)
def test_only_those_that_may_share_are_inside_together(first, second, together):
    turns = Turns()
    one, one_inside, one_leave = in_a_thread(turns, alone=first)
    assert one_inside.wait(10)
    two, two_inside, two_leave = in_a_thread(turns, alone=second)
    assert two_inside.wait(0.3) is together
    one_leave.set()
    assert two_inside.wait(10)
    two_leave.set()
    one.join(10)
    two.join(10)


def test_another_process_gets_the_machine_when_the_last_one_leaves(tmp_path):
    """The lock file is the machine's: it is held while anyone is inside, and by nobody after."""
    from filelock import FileLock, Timeout

    turns = Turns()
    other = FileLock(tmp_path / "edgewright-machine.lock", thread_local=False)
    first, first_inside, first_leave = in_a_thread(turns, alone=False)
    second, second_inside, second_leave = in_a_thread(turns, alone=False)
    assert first_inside.wait(10)
    assert second_inside.wait(10)
    first_leave.set()
    first.join(10)
    with pytest.raises(Timeout):
        other.acquire(timeout=0.1)
    second_leave.set()
    second.join(10)
    with other.acquire(timeout=5):
        assert other.is_locked


def test_work_behind_keeps_the_machine_between_the_jobs_of_its_run_and_lets_them_in(tmp_path):
    from filelock import FileLock, Timeout

    turns = Turns()
    other = FileLock(tmp_path / "edgewright-machine.lock", thread_local=False)
    with turns.hold(lambda _: None):
        with turns.take(lambda _: None, alone=True):
            pass
        with pytest.raises(Timeout):
            other.acquire(timeout=0.1)
    other.acquire(timeout=1.0)
    other.release()
