"""Progress goes to stderr, whatever stdout is for, and is never read as markup."""

import io
import sys
from dataclasses import replace

import pytest

from edgewright.cli.progress import TerminalReporter
from edgewright.core.jobs.results import Progress
from edgewright.core.run import Status
from edgewright.reasons import told
from tests.world import World

NASTY = "[/x] [red] :warning: /usr/lib[/a.so]"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def tell_all(run):
    with TerminalReporter() as reporter:
        reporter.phase(f"building {NASTY}")
        reporter.tell(Progress(message=NASTY, fraction=0.5))
        reporter.trial(replace(run.trials[0], status=Status.FAILED, reason=told(NASTY)))
        reporter.trial(run.best)


def test_brackets_are_shown_as_they_are(tmp_path, capsys):
    run = World(tmp_path).run()
    tell_all(run)
    out, err = capsys.readouterr()
    assert out == ""
    assert f"building {NASTY}" in err
    assert f"failed: {NASTY}" in err
    assert f"{run.best.id}:" in err


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_live_line_shows_them_too(tmp_path, monkeypatch, term):
    run = World(tmp_path).run()
    terminal = Terminal()
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(sys, "stderr", terminal)
    tell_all(run)
    assert f"failed: {NASTY}" in terminal.getvalue()
