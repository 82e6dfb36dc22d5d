"""Flags of one way to evaluate do not go with another, and nothing is started before that is said."""

import json

import pytest

from edgewright.cli.evaluations import write_samples
from edgewright.cli.main import run
from edgewright.errors import ResourceError


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--tasks", "edgewright", "--lm-eval", "x"], "two ways to evaluate"),
        (["--tasks", "edgewright", "--eval-data", "t.txt"], "--eval-data is about a text"),
        (["--lm-eval", "x", "--tokens", "64"], "--tokens is about a text"),
        (["--limit", "3"], "--limit belongs to --lm-eval"),
        (["--tasks", "edgewright", "--include-path", "d"], "--include-path belongs to --lm-eval"),
        (["--samples", "f"], "--samples belongs to --tasks or --lm-eval"),
        (["--lm-eval", "x", "--baseline", "y"], "not compared with a baseline"),
        (["--min-accuracy", "0.9"], "needs a --baseline"),
    ],
)
def test_flags_that_do_not_go_together(flags, words, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEWRIGHT_HOME", str(tmp_path / "home"))
    assert run(["evaluate", "model", *flags]) == 2
    out = capsys.readouterr()
    assert words in out.out + out.err


def test_a_task_file_is_read_before_the_model_is(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEWRIGHT_HOME", str(tmp_path / "home"))
    (tmp_path / "bad.jsonl").write_text(
        '{"question": "q", "choices": ["a"], "answer": 0}\n', encoding="utf-8"
    )
    assert run(["evaluate", "/no/such/model", "--tasks", str(tmp_path / "bad.jsonl")]) == 3
    assert "bad.jsonl, line 1: 'choices' has 1 of them" in capsys.readouterr().err


def test_items_are_written_one_a_line(tmp_path):
    write_samples(tmp_path / "items.jsonl", [("t", {"id": "1", "correct": True}), ("t", {"id": "é"})])
    lines = (tmp_path / "items.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"task": "t", "id": "1", "correct": True},
        {"task": "t", "id": "é"},
    ]
    with pytest.raises(ResourceError, match="cannot be written"):
        write_samples(tmp_path / "no" / "items.jsonl", [])
