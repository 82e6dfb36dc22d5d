"""Flags with a closed set of values refuse any other value, and name the known ones."""

import pytest

from edgewright.app.compare.ab import AB_METRICS
from edgewright.cli.ab import METRICS
from edgewright.cli.main import run
from edgewright.core.knowledge import targets
from edgewright.environment import ENERGY_MODELS


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (["assess", "m", "--target", "toaster"], tuple(targets())),
        (["optimize", "m", "--target", "toaster"], tuple(targets())),
        (["ab", "a", "b", "--metric", "beauty"], AB_METRICS),
        (["profile", "b", "--energy-model", "guess"], ENERGY_MODELS),
        (["benchmark", "b", "--energy-model", "guess"], ENERGY_MODELS),
    ],
)
def test_an_unknown_value_is_refused_with_the_known_values(arguments, known, capsys):
    assert run(arguments) == 2
    err = capsys.readouterr().err
    assert all(f"'{name}'" in err for name in known)


def test_the_command_line_offers_the_metrics_that_can_be_compared():
    assert set(METRICS) == set(AB_METRICS)
