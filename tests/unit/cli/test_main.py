"""What a person sees who types something wrong: one sentence, the right exit code, no traceback."""

import json
from dataclasses import replace

import pytest

from edgewright.cli.main import COMMANDS, run
from edgewright.cli.results import finish
from tests.world import World


def said(capsys):
    out = capsys.readouterr()
    return out.out + out.err


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help(command, capsys):
    assert run([*command.split(), "--help"]) == 0
    assert "Usage: edgewright" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["optimize", "nowhere/at/all"], 3, "There is no model"),
        (["optimize"], 2, "MODEL"),
        (["optimize", "x", "--min-speedup", "fast"], 2, "--min-speedup 'fast' is no number"),
        (["optimize", "x", "--min-speedup", "-1"], 2, "0 or more"),
        (["optimize", "x", "--max-size", "huge"], 2, "110MB"),
        (["optimize", "x", "--prefer", "colour=1"], 2, "objectives"),
        (["optimize", "x", "--target", "toaster"], 2, "Known targets"),
        (["optimize", "x", "--frameworks", "caffe"], 2, "There is no framework 'caffe'"),
        (["optimize", "x", "--budget", "soon"], 2, "30m"),
        (["optimize", "x", "--eval-data", "/no/such/file"], 3, "no evaluation data"),
        (["optimize", "x", "--policy", "/no/such/file"], 3, "policy"),
        (["optimize", "x", "--no-such-flag"], 2, "No such option"),
        (["show", "/no/such/run"], 3, "There is no run"),
        (["pick", "/no/such/run"], 3, "There is no run"),
        (["evaluate", "/no/such/model"], 3, "There is no model"),
        (["evaluate", "x", "--context", "1"], 2, "range"),
        (["toolchain", "remove"], 2, "Say which"),
        (["toolchain", "install", "caffe"], 2, "no framework 'caffe'"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_a_mistake_gets_one_sentence_and_its_exit_code(
    arguments, status, words, capsys, tmp_path, monkeypatch
):
    monkeypatch.setenv("EDGEWRIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == status
    text = said(capsys)
    assert words in text
    assert "Traceback" not in text


def test_a_directory_without_configuration_is_named(tmp_path, capsys):
    assert run(["assess", str(tmp_path)]) == 3
    assert "has no config.json" in said(capsys)


def test_debug_shows_where(tmp_path, capsys):
    assert run(["--debug", "assess", str(tmp_path)]) == 3
    assert "Traceback" in said(capsys)


def test_toolchains_are_listed_for_machines(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("EDGEWRIGHT_HOME", str(tmp_path))
    assert run(["toolchain", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    halves = [
        "torch",
        "openvino",
        "openvino-build",
        "onnx",
        "onnx-build",
        "mlx",
        "llamacpp",
        "llamacpp-build",
    ]
    assert [row["name"] for row in rows] == [*halves, "lm_eval", "codecarbon"]
    assert not any(row["ready"] for row in rows)
    assert {row["name"]: row["used_by"] for row in rows if row["used_by"]} == {
        "lm_eval": "evaluate --lm-eval",
        "codecarbon": "profile and benchmark --energy-model codecarbon",
    }


def test_offline_a_hub_model_that_is_not_cached_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert run(["assess", "nobody/nothing", "--offline"]) == 6
    assert "not in the local cache" in said(capsys)


@pytest.mark.parametrize(
    "command",
    ["evaluate text", "evaluate tasks", "benchmark", "ab", "profile", "generate", "optimize", "assess"],
)
def test_whoever_is_told_of_allow_pickle_has_it(command, capsys):
    assert run([*command.split(), "--help"]) == 0
    assert "--allow-pickle" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("chosen", "provisional", "status"), [("a/b", False, 0), ("a/b", True, 11), (None, False, 10)]
)
def test_a_run_ends_with_the_status_of_its_answer(chosen, provisional, status, tmp_path, capsys):
    done = World(tmp_path).run()
    best = done.choice.chosen if chosen else None
    ended = replace(done, choice=replace(done.choice, chosen=best, provisional=provisional))
    assert finish(ended, as_json=True) == status
    assert json.loads(capsys.readouterr().out)["choice"]["provisional"] is provisional
