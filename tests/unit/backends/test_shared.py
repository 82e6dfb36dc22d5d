"""What the child halves share, and needs no framework: options, pieces of logits, threads, operators' times."""

import pytest

from edgewright.backends.options import COUNT, check_options
from edgewright.backends.pieces import rows_at_once
from edgewright.backends.tally import Tally, phases, warm_up
from edgewright.backends.threads import thread_count
from edgewright.errors import UsageError

KNOWN = {"threads": COUNT, "kv_cache": ("f16", "u8"), "mmap": bool}


@pytest.mark.parametrize("runtime", [{}, {"threads": 2, "kv_cache": "u8", "mmap": False}])
def test_options_that_a_framework_has_are_taken(runtime):
    check_options("it", runtime, KNOWN)


@pytest.mark.parametrize(
    ("runtime", "word"),
    [
        ({"treads": 2}, "treads"),
        ({"threads": 0}, "threads = 0"),
        ({"threads": True}, "threads = True"),
        ({"kv_cache": "q4"}, "kv_cache = q4"),
        ({"mmap": 1}, "mmap = 1"),
    ],
)
def test_a_wrong_option_is_refused_with_all_that_there_are(runtime, word):
    with pytest.raises(UsageError) as caught:
        check_options("it", runtime, KNOWN)
    assert word in caught.value.message
    assert all(name in caught.value.hint for name in KNOWN)


@pytest.mark.parametrize(("vocabulary", "rows"), [(1000, 512), (49_152, 512), (262_144, 128), (10**8, 16)])
def test_pieces_of_logits_stay_small_whatever_the_vocabulary(vocabulary, rows):
    assert rows_at_once(vocabulary) == rows


def test_threads_are_the_options_then_the_parents_then_the_processs_own(monkeypatch):
    monkeypatch.setenv("EDGEWRIGHT_THREADS", "3")
    assert thread_count({"threads": 2}) == 2
    assert thread_count({}) == 3
    monkeypatch.delenv("EDGEWRIGHT_THREADS")
    assert thread_count({}) >= 1


def test_operators_times_are_summed_and_the_dearest_comes_first():
    tally = Tally()
    tally.add("softmax", 1.0)
    tally.add("matmul", 2.0, calls=3)
    tally.add("matmul", 4.0)
    phase = tally.phase(8, 10.0, lambda name: name == "matmul")
    assert [(one.operator, one.calls, one.ms) for one in phase.operators] == [
        ("matmul", 4, 6.0),
        ("softmax", 1, 1.0),
    ]
    assert phase.matrix_ms == 6.0


class Counting:
    def __init__(self):
        self.computed = 0

    def generate(self, ids, tokens):
        del ids
        for token in range(tokens):
            self.computed += 1
            yield token


def test_a_request_has_a_prefill_and_a_decoding():
    session = Counting()
    seen = [(count, session.computed) for count, _ in phases(session, [1, 2, 3], 5)]
    assert seen == [(3, 1), (4, 5)]


def test_a_warm_up_computes_the_beginning_only():
    session = Counting()
    warm_up(session, [1], 100)
    assert session.computed == 2
