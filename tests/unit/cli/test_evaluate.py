"""Each way to evaluate is a command of its own, and nothing is started before a wrong flag is told."""

import json

import pytest

from edgewright.cli.evaluations import write_samples
from edgewright.cli.main import run
from edgewright.cli.old_spellings import respelled
from edgewright.errors import ResourceError


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tasks", "model", "--eval-data", "t.txt"], "No such option '--eval-data'"),
        (["lm-eval", "model", "x", "--tokens", "64"], "No such option '--tokens'"),
        (["text", "model", "--limit", "3"], "No such option '--limit'"),
        (["text", "model", "--samples", "f"], "No such option '--samples'"),
        (["lm-eval", "model", "x", "--baseline", "y"], "No such option '--baseline'"),
        (["lm-eval", "model"], "Missing argument 'TASK...'"),
        (["text", "model", "--min-accuracy", "0.9"], "needs --baseline"),
    ],
)
def test_flags_that_do_not_go_together(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEWRIGHT_HOME", str(tmp_path / "home"))
    assert run(["evaluate", *arguments]) == 2
    out = capsys.readouterr()
    assert words in out.out + out.err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("evaluate m --tokens 64", "evaluate text m --tokens 64"),
        ("evaluate m --tasks a --tasks=b --json", "evaluate tasks m --json a b"),
        ("evaluate --lm-eval x m --limit 3", "evaluate lm-eval m --limit 3 x"),
        ("evaluate m --runtime onnx", "evaluate text m --framework onnx"),
        ("--debug benchmark a --runtime=mlx", "--debug benchmark a --framework=mlx"),
        ("profile a --runtime mlx", "profile a --framework mlx"),
        ("profile a --quick", "profile a --short-blocks"),
        ("benchmark a b --quick --rounds 2", "benchmark a b --short-blocks --rounds 2"),
        ("ab a b --quick", "ab a b --short-blocks"),
        ("evaluate text m --context 64", "evaluate text m --window 64"),
        ("optimize m --context=64", "optimize m --window=64"),
    ],
)
def test_spellings_of_earlier_versions_still_work_with_a_warning(old, new):
    words, warnings = respelled(old.split())
    assert words == new.split()
    assert warnings
    assert respelled(words) == (words, ())


@pytest.mark.parametrize(
    "line",
    [
        "evaluate --help",
        "evaluate",
        "show runs/demo",
        "--version",
        "",
        "optimize m --quick",
        "demo --quick",
        "assess m --context 64",
    ],
)
def test_what_is_not_old_stays_as_it_is(line):
    assert respelled(line.split()) == (line.split(), ())


def test_a_task_file_is_read_before_the_model_is(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEWRIGHT_HOME", str(tmp_path / "home"))
    (tmp_path / "bad.jsonl").write_text(
        '{"question": "q", "choices": ["a"], "answer": 0}\n', encoding="utf-8"
    )
    assert run(["evaluate", "tasks", "/no/such/model", str(tmp_path / "bad.jsonl")]) == 3
    assert "bad.jsonl, line 1: 'choices' has 1 entries" in capsys.readouterr().err


def test_items_are_written_one_a_line(tmp_path):
    write_samples(tmp_path / "items.jsonl", [("t", {"id": "1", "correct": True}), ("t", {"id": "é"})])
    lines = (tmp_path / "items.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"task": "t", "id": "1", "correct": True},
        {"task": "t", "id": "é"},
    ]
    with pytest.raises(ResourceError, match="cannot be written"):
        write_samples(tmp_path / "no" / "items.jsonl", [])
