"""Rows of the table of families as it is made: a quirk that is lost shows as another model. `make bench NAME=families` has all."""

from pathlib import Path

import pytest
from benchmarks.families.cells import Outcome
from benchmarks.families.rows import make_models, read_rows
from benchmarks.families.running import INTAKE, OWN_FILE, Runner

IN_ONNX = ("gemma3", "llama-linear", "llama-yarn", "mistral")
ROWS = (*IN_ONNX, "mixtral", "phi3-longrope", "qwen3")
FRAMEWORKS = ("mlx", "llamacpp")


@pytest.fixture(scope="module")
def models(toolchains, smollm2, tmp_path_factory) -> Path:
    out: Path = tmp_path_factory.mktemp("families")
    python = Path(toolchains["torch"].path) / "venv" / "bin" / "python"
    make_models(python, out, smollm2.path, ROWS)
    return out


def cells_of(lab, toolchains, models, name, *columns):
    assert all(toolchains[framework].ready for framework in FRAMEWORKS)
    return Runner(lab.context).row(name, models / name, {INTAKE, *columns}).cells


@pytest.mark.parametrize("name", ["gemma3", "mixtral", "qwen3"])
def test_a_family_is_itself_in_two_frameworks_and_as_its_own_file(lab, toolchains, models, name):
    cells = cells_of(lab, toolchains, models, name, *FRAMEWORKS, OWN_FILE)
    for column in (INTAKE, *FRAMEWORKS, OWN_FILE):
        assert cells[column].outcome is Outcome.WORKS, (column, cells[column].sentence)
    assert all(cells[framework].quantized_kl is not None for framework in FRAMEWORKS)


@pytest.mark.parametrize("name", IN_ONNX)
def test_onnx_has_the_ropes_and_windows_that_its_builder_would_leave_out(lab, toolchains, models, name):
    assert toolchains["onnx"].ready
    cell = cells_of(lab, toolchains, models, name, "onnx")["onnx"]
    assert cell.outcome is Outcome.WORKS, cell.sentence


def test_a_converter_that_makes_another_model_is_caught(lab, toolchains, models):
    """mlx-lm takes one of Phi-3's two sets of rope factors for texts of every length."""
    cell = cells_of(lab, toolchains, models, "phi3-longrope", "mlx")["mlx"]
    assert cell.outcome is Outcome.WRONG
    assert cell.kl > 0.1
    assert cell.reason


def test_every_row_is_told_apart_by_its_quirk():
    rows = read_rows()
    assert len({(row.model_type, row.quirk) for row in rows.values()}) == len(rows) >= 40
