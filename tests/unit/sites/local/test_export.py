from dataclasses import dataclass

import pytest

from edgewright.core.recipe.artifact import MANIFEST_NAME
from edgewright.sites.local.export import export_build, remove_export


@dataclass(frozen=True)
class Built:
    """Of an artifact, an export reads the path alone."""

    path: str


@pytest.fixture
def store(tmp_path):
    root = tmp_path / "kept"
    root.mkdir()
    (root / MANIFEST_NAME).write_text("{}")
    (root / "config.json").write_text("{}")
    (root / "weights").write_bytes(bytes(1_000_000))
    return root


def test_editing_an_exported_configuration_leaves_the_store_as_it_is(tmp_path, store):
    best = export_build(Built(str(store)), tmp_path / "best")
    (best / "config.json").write_text('{"edited": true}')
    assert (store / "config.json").read_text() == "{}"


def test_weights_take_no_second_place_on_the_disk(tmp_path, store):
    best = export_build(Built(str(store)), tmp_path / "best")
    assert (best / "weights").samefile(store / "weights")


def test_an_export_can_be_taken_back(tmp_path, store):
    best = export_build(Built(str(store)), tmp_path / "best")
    remove_export(best)
    remove_export(best)  # nothing there is fine
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (store / "weights").stat().st_size == 1_000_000
