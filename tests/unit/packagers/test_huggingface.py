"""The model card: metadata that a hub reads, and the figures of the run under it."""

from dataclasses import replace

import pytest

from edgewright.core.decision.policy import Gate
from edgewright.core.decision.verdict import judge
from edgewright.core.measurement.quantity import Label, Value
from edgewright.core.recipe.artifact import FileDigest
from edgewright.core.release.package import Package, Smoke, SmokeTest, counted
from edgewright.packagers.huggingface import HuggingFace
from edgewright.report.package import readme
from edgewright.testing import PackagerConformance

SPEED = Value(value=2.5, unit="1", label=Label.DERIVED, method="m", n=7, ci_low=2.2, ci_high=2.8)
PACKAGE = Package(
    kind="huggingface",
    name="model-int8",
    build="llamacpp/int8",
    key="k",
    framework="llamacpp",
    source="owner/model",
    edgewright="0",
    made_s=0.0,
    files=(),
    values={"speedup": SPEED, "download_bytes": counted("download_bytes", 1_000_000, "m")},
    gates=(judge(Gate(metric="speedup", at_least=2.0), SPEED),),
    device="a processor",
    smoke=SmokeTest(outcome=Smoke.NOT_RUN),
)


class Sample(PackagerConformance):
    __test__ = False


def test_the_card_begins_with_what_a_hub_reads_and_has_the_figures():
    card = readme(PACKAGE, HuggingFace())
    head, _, body = card.removeprefix("---\n").partition("\n---\n")
    assert "library_name: gguf" in head
    assert "base_model: owner/model" in head
    assert "license" not in head  # it is not known
    assert "| Speedup | 2.50 (2.20 to 2.80) | 7 |" in body
    assert "- pass: speedup 2.5 (gate >= 2), interval 2.2 to 2.8" in body
    assert "On a processor" in body
    assert "Not tried here" not in body


@pytest.mark.parametrize("source", ["/home/me/model.gguf", "model", "a/b/c", "../x"])
def test_a_path_is_no_base_model(source):
    assert "base_model" not in readme(replace(PACKAGE, source=source), HuggingFace())


def test_a_build_with_a_page_of_its_own_is_refused(tmp_path):
    manifest = Sample().build(tmp_path).artifact.manifest
    page = FileDigest(path="README.md", size_bytes=1, sha256="0")
    assert HuggingFace().refusal(replace(manifest, files=(*manifest.files, page))).code == "name_taken"


def test_without_a_run_nothing_is_called_measured():
    assert "## Measured" not in readme(replace(PACKAGE, gates=()), HuggingFace())
