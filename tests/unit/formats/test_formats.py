"""Documents of every version that was ever written are read, and what they said is kept."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright import codec
from edgewright.api import open_run, pick
from edgewright.app.optimize.optimize import finished
from edgewright.core.decision.policy import Gate, Policy
from edgewright.core.measurement.rounds import Round
from edgewright.core.recipe.artifact import MANIFEST_VERSION, Manifest, artifact_key
from edgewright.core.run import RUN_VERSION, Run
from edgewright.errors import InputError
from edgewright.formats import FORMATS, load
from edgewright.formats.journal import brought_up_to_date
from edgewright.report.html import draw
from edgewright.sites.local.runs import LocalRuns
from edgewright.testing import FakeClock, fake_context

GOLDEN = Path(__file__).parents[1] / "golden"
RUNS = sorted(path.name for path in GOLDEN.glob("run-*.json"))
MANIFESTS = sorted(path.name for path in GOLDEN.glob("*-*.json") if path.name not in RUNS)


@pytest.mark.parametrize("kind", list(FORMATS))
def test_every_earlier_version_has_a_step_and_a_golden_file(kind):
    form = FORMATS[kind]
    assert set(form.steps) == set(range(1, form.version))
    for version in form.steps:
        assert list(GOLDEN.glob(f"{kind.__name__.lower()}-{version}-*.json"))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_an_earlier_version_is_shown_as_it_was_decided(name):
    said = json.loads((GOLDEN / name).read_text())
    run = open_run(GOLDEN / name)
    assert run.version == RUN_VERSION
    assert run.best is not None
    assert run.best.id == said["choice"]["chosen"] == "llamacpp/int8+kv_cache=f16"
    assert run.best.values["decode_tok_s"].value == said["trials"][-1]["values"]["decode_tok_s"]["value"]
    assert "llamacpp/int8+kv_cache=f16" in draw(run)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_an_earlier_version_can_be_picked_from(name):
    run = open_run(GOLDEN / name)
    chosen = pick(run, Policy(gates=(Gate(metric="decode_tok_s", at_least=1e9),)))
    assert chosen.best is None


@pytest.mark.parametrize("name", RUNS)
def test_a_finished_run_of_an_earlier_version_answers_from_its_record(tmp_path, name):
    (tmp_path / "run.json").write_bytes((GOLDEN / name).read_bytes())
    run = open_run(tmp_path)
    assert finished(
        fake_context(tmp_path, runs=LocalRuns(FakeClock(), draw)), tmp_path, run.key, run.policy
    ) == replace(run, directory=str(tmp_path.resolve()))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_an_earlier_version_is_written_in_todays(name):
    run = open_run(GOLDEN / name)
    assert codec.load(Run, codec.dump(run)) == run
    manifests = [trial.artifact.manifest for trial in run.trials if trial.artifact]
    assert {manifest.version for manifest in manifests} == {MANIFEST_VERSION}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_of_an_earlier_version_has_the_recipe_of_its_key(name):
    manifest = load(Manifest, (GOLDEN / name).read_bytes())
    assert manifest.version == MANIFEST_VERSION
    assert manifest.recipe.id == "llamacpp/int8"
    assert manifest.recipe.runtime == {}
    assert manifest.true_to_key


@pytest.mark.parametrize("name", MANIFESTS)
def test_an_export_of_an_earlier_version_still_runs_as_it_was_chosen(name):
    manifest = load(Manifest, (GOLDEN / name).read_bytes())
    chosen = name.startswith("exported")
    assert manifest.id == ("llamacpp/int8+kv_cache=f16" if chosen else "llamacpp/int8")
    assert manifest.runtime == ({"kv_cache": "f16"} if chosen else {})


def test_the_name_of_a_pruned_build_is_no_runtime_option():
    document = json.loads((GOLDEN / "manifest-1-last.json").read_text())
    document["recipe"]["name"] = "int8~neurons20+recovered"
    assert load(Manifest, json.dumps(document)).recipe.name == "int8~neurons20+recovered"


@pytest.mark.parametrize(("kind", "name"), [(Run, RUNS[-1]), (Manifest, MANIFESTS[-1])])
def test_a_later_version_asks_for_an_update(kind, name):
    document = json.loads((GOLDEN / name).read_text())
    with pytest.raises(InputError, match=r"it\.json has version 99; .* Update edgewright\.") as caught:
        load(kind, json.dumps({**document, "version": 99}), "it.json")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("kind", [Run, Manifest])
@pytest.mark.parametrize("version", [None, 0, -1, True, "1", 1.0, [1]])
def test_a_version_that_never_was_is_no_valid_document(kind, version):
    with pytest.raises(InputError, match=r"not a valid .*: its version is"):
        load(kind, json.dumps({"version": version}))


@pytest.mark.parametrize("kind", [Run, Manifest])
@pytest.mark.parametrize(
    "text", ["", "[]", "7", '{"version": 1}', '{"version": 1, "recipe": 3, "workload": 3}', "{"]
)
def test_what_is_no_document_is_named(kind, text):
    with pytest.raises(InputError, match=r"it\.json is not a valid"):
        load(kind, text, "it.json")


def test_a_changed_recipe_is_known_by_its_key():
    manifest = load(Manifest, (GOLDEN / "manifest-1-last.json").read_bytes())
    said = replace(manifest.lineage, made_from="source")
    assert not replace(manifest, lineage=said).true_to_key


NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


@given(
    options=st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.booleans() | NUMBERS, max_size=4)
)
def test_a_key_can_be_computed_anew_from_what_was_written(options):
    manifest = load(Manifest, (GOLDEN / "manifest-1-last.json").read_bytes())
    recipe = replace(manifest.recipe, build=options)
    lineage = replace(manifest.lineage, made_from="source", calibration="ids")
    sealed = replace(manifest, recipe=recipe, lineage=lineage, key=artifact_key(recipe, lineage))
    assert load(Manifest, codec.dump(sealed)).true_to_key


def test_a_run_that_was_moved_is_known_by_its_new_place(tmp_path):
    (tmp_path / "run.json").write_bytes((GOLDEN / RUNS[-1]).read_bytes())
    assert open_run(tmp_path).directory == str(tmp_path.resolve())
    assert open_run(GOLDEN / RUNS[-1]).directory == "/runs/golden"


def test_a_round_that_an_earlier_version_wrote_is_read_with_todays_names():
    earlier = {"blocks": {}, "order": ["a"], "invalid": [{"arm": "a", "reason": "so"}], "swung": {"a": 0.8}}
    found = codec.from_plain(Round, brought_up_to_date(earlier))
    assert found.kept_speeds == {"a": 0.8}
    assert [cause.values["text"] for cause in found.invalid[0].causes] == ["so"]
    assert codec.from_plain(Round, brought_up_to_date(codec.plain(found))) == found
