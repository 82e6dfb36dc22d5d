import json

import pytest

from edgewright.app.optimize.optimize import exported
from edgewright.core.recipe.artifact import MANIFEST_NAME, MANIFEST_VERSION, Manifest, Selection
from edgewright.formats import load
from edgewright.inputs.files import LocalFiles
from edgewright.report.html import draw
from edgewright.sites.local.export import export_build, remove_export
from edgewright.sites.local.runs import LocalRuns
from edgewright.testing import FakeClock, MemoryJournal, fake_context
from tests.unit.app.optimize.test_optimize import FASTER, tuned
from tests.world import World

SELECTED = Selection(trial="a/int8+threads=2", runtime={"threads": 2}, run="k")


@pytest.fixture
def store(tmp_path):
    """A real manifest over a configuration and weights that are large enough to be linked."""
    world = World(tmp_path / "world")
    run = world.run()
    root = tmp_path / "kept"
    root.mkdir()
    (root / "config.json").write_text("{}")
    (root / "weights").write_bytes(bytes(1_000_000))
    LocalFiles().seal(root, run.best.artifact.manifest)
    return LocalFiles().artifact(root)


def read(place):
    return load(Manifest, (place / MANIFEST_NAME).read_bytes())


def test_editing_an_exported_configuration_leaves_the_store_as_it_is(tmp_path, store):
    best = export_build(store, tmp_path / "best", SELECTED)
    (best / "config.json").write_text('{"edited": true}')
    assert (tmp_path / "kept" / "config.json").read_text() == "{}"


def test_weights_take_no_second_place_on_the_disk(tmp_path, store):
    best = export_build(store, tmp_path / "best", SELECTED)
    assert (best / "weights").samefile(tmp_path / "kept" / "weights")


def test_an_export_can_be_taken_back(tmp_path, store):
    best = export_build(store, tmp_path / "best", SELECTED)
    remove_export(best)
    remove_export(best)  # nothing there is fine
    assert not best.exists()
    assert LocalFiles().artifact(tmp_path / "kept").manifest == store.manifest


def test_an_export_keeps_the_recipe_of_its_key_and_says_beside_it_what_it_was_chosen_as(tmp_path, store):
    best = export_build(store, tmp_path / "best", SELECTED)
    exported = LocalFiles().artifact(best).manifest  # its bytes are verified
    assert exported.version == MANIFEST_VERSION
    assert (exported.key, exported.recipe) == (store.manifest.key, store.manifest.recipe)
    assert exported.true_to_key
    assert (exported.id, exported.runtime) == ("a/int8+threads=2", {"threads": 2})
    assert read(tmp_path / "kept").selected is None


def test_a_build_chosen_under_another_option_is_exported_anew(tmp_path, store):
    export_build(store, tmp_path / "best", SELECTED)
    other = Selection(trial="a/int8", runtime={}, run="k")
    assert read(export_build(store, tmp_path / "best", other)).selected == other


def test_the_export_of_a_tuned_build_has_the_recipe_that_was_built(tmp_path):
    run = World(tmp_path, options=FASTER, answer=tuned(150.0)).run()
    exported(fake_context(tmp_path, runs=LocalRuns(FakeClock(), draw)), MemoryJournal(tmp_path), run)
    manifest, built = read(tmp_path / "best"), run.trial("llamacpp/int8")
    assert manifest.recipe == built.recipe
    assert manifest.key == built.artifact.manifest.key
    assert manifest.selected == Selection(trial=run.best.id, runtime={"kv_cache": "f16"}, run=run.key)


def test_a_recipe_that_was_edited_is_refused(tmp_path, store):
    place = tmp_path / "kept" / MANIFEST_NAME
    document = json.loads(place.read_text())
    document["recipe"]["build"] = {"bits": 2}
    place.write_text(json.dumps(document))
    with pytest.raises(Exception, match="its key does not match its recipe") as caught:
        LocalFiles().artifact(tmp_path / "kept")
    assert caught.value.exit_code == 9
