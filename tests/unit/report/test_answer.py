"""A provisional answer says so everywhere: what is open, what was measured, what would decide it."""

from dataclasses import replace

import pytest

from edgewright.codec import dump, load
from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.jobs.results import BenchResult
from edgewright.core.run import Run
from edgewright.report.answer import headline, open_lines
from edgewright.report.html import draw
from edgewright.report.terminal import show_run
from edgewright.testing import block
from tests.unit.report.test_terminal import shown
from tests.world import REQUEST, World, honest, is_confirming


def wavering():
    """A world in which whatever is confirmed is about twice as fast as the original, and scatters."""
    speeds = iter([15.0, 30.0] * 100)

    def answer(job):
        if is_confirming(job) and job.worker != "fake.torch":
            return BenchResult(block=block(next(speeds)))
        return honest(job)

    return answer


@pytest.fixture
def run(tmp_path):
    gates = Policy(gates=(Gate(metric="speedup", at_least=2.0),))
    return World(
        tmp_path, answer=wavering(), backends=("llamacpp",), request=replace(REQUEST, policy=gates)
    ).run()


def test_the_headline_says_provisional_and_names_what_is_open(run):
    assert headline(run).startswith("Recommended, provisionally: llamacpp/fp32, ")
    assert headline(run).endswith("It fails no gate; undecided: speedup.")


def test_each_open_gate_stands_with_its_figure_and_what_would_decide_it(run):
    measured, gate = open_lines(run)
    assert measured.startswith("measured on 6 timed processes and 2044 positions of text, confirmed")
    assert gate.startswith("open: speedup 2.1")
    assert gate.endswith("more rounds would decide it (`optimize` without --quick), or a quieter host")


def test_terminal_and_page_say_it(run):
    for page in (" ".join(shown(show_run, run).split()), draw(run)):
        assert "Recommended, provisionally" in page
        assert "undecided: speedup" in page
        assert "more rounds would decide it" in page


def test_the_record_tells_a_provisional_choice_from_a_decided_one(run):
    again = load(Run, dump(run))
    assert again.provisional
    assert again.choice.provisional
    assert [str(v.needs) for v in again.choice.open_gates] == ["rounds"]
    decided = replace(again, choice=replace(again.choice, provisional=False, open_gates=()))
    assert not decided.provisional
    assert headline(decided).startswith("Recommended: ")
    assert open_lines(decided) == []
