"""The commands at the end of a run are commands that a shell takes as they stand."""

import shlex
from dataclasses import replace

import pytest

from edgewright.cli.main import COMMANDS
from edgewright.report.next_steps import next_steps
from tests.world import World


@pytest.fixture
def run(tmp_path):
    run = World(tmp_path, backends=("openvino",)).run()
    return replace(run, exported=run.best.id)


@pytest.mark.parametrize("place", ["/runs/mine", "/runs/my model", "/runs/it's", '/runs/a"b$c'])
def test_each_is_one_command_with_the_runs_own_place(run, place):
    steps = next_steps(replace(run, directory=place))
    assert len(steps) == 4
    for _, command in steps:
        words = shlex.split(command)
        assert words[0] in {"edgewright", "python"}
        if words[0] == "edgewright":
            assert words[1] in COMMANDS
            assert words[2] in {place, f"{place}/best"}
        else:
            compile(words[2], "command", "exec")
            assert repr(f"{place}/best") in words[2]


def test_a_run_without_a_recommendation_has_none(run):
    assert not next_steps(replace(run, choice=None))
    assert not next_steps(replace(run, exported=""))
