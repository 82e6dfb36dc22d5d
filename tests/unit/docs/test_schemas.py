"""The published JSON Schemas describe what is written, and nothing in it is left undescribed."""

import copy
import json
from pathlib import Path

import pytest
from docs import commands, schemas
from jsonschema import Draft202012Validator
from tests.unit.app.optimize.test_optimize import FASTER, tuned
from tests.world import World

from edgewright import codec
from edgewright.app.optimize.optimize import exported
from edgewright.core.recipe.artifact import MANIFEST_NAME, Manifest
from edgewright.core.run import Run
from edgewright.formats import load
from edgewright.report.html import draw
from edgewright.sites.local.runs import LocalRuns
from edgewright.testing import FakeClock, MemoryJournal, fake_context

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "unit" / "golden"
PUBLISHED = {
    Run: json.loads((ROOT / "docs/formats/run.schema.json").read_text()),
    Manifest: json.loads((ROOT / "docs/formats/manifest.schema.json").read_text()),
}


def without_more(schema):
    """The schema with every object closed: a field that it does not name is a fault."""
    closed = copy.deepcopy(schema)
    for body in (closed, *closed["$defs"].values()):
        if "properties" in body:
            body["additionalProperties"] = False
    return closed


def faults(kind, document):
    validator = Draft202012Validator(without_more(PUBLISHED[kind]))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("kind", list(PUBLISHED))
def test_a_schema_is_one_and_describes_every_field(kind):
    schema = PUBLISHED[kind]
    Draft202012Validator.check_schema(schema)
    for body in (schema, *schema["$defs"].values()):
        assert body["description"]
        assert all(field["description"] for field in body.get("properties", {}).values())


def test_every_meaning_is_that_of_a_field():
    assert schemas.undescribed() == []


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("run-*.json")), ids=lambda path: path.name)
def test_runs_of_earlier_versions_are_brought_into_the_published_form(path):
    assert faults(Run, codec.plain(load(Run, path.read_bytes()))) == []


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("[me]*-*.json")), ids=lambda path: path.name)
def test_manifests_of_earlier_versions_are_brought_into_the_published_form(path):
    assert faults(Manifest, codec.plain(load(Manifest, path.read_bytes()))) == []


def test_a_new_run_and_its_export_have_the_published_form(tmp_path):
    run = World(tmp_path, options=FASTER, answer=tuned(150.0)).run()
    run = exported(fake_context(tmp_path, runs=LocalRuns(FakeClock(), draw)), MemoryJournal(tmp_path), run)
    assert faults(Run, json.loads(codec.dump(run))) == []
    manifest = json.loads((tmp_path / "best" / MANIFEST_NAME).read_text())
    assert faults(Manifest, manifest) == []


def test_a_document_of_another_version_has_not_the_published_form():
    assert any("version" in fault for fault in faults(Run, {"version": 1}))


def test_a_schema_that_is_not_the_programs_is_a_fault():
    assert commands.stale_file("{}", schemas.as_text(schemas.run_schema())) == [
        "it is not what the program says now: run make docs"
    ]
