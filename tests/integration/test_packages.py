"""Real builds in packages: what comes out of each answers as the build does, in the run half of its toolchain."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edgewright.app.package.options import PackageOptions
from edgewright.app.package.package import package
from edgewright.app.steps.build import build
from edgewright.core.jobs.results import Failure
from edgewright.core.release.package import Smoke
from edgewright.errors import WorkerError

KIND_OF = {"llamacpp": "gguf", "openvino": "openvino", "onnx": "onnx", "mlx": "mlx"}


@pytest.fixture(scope="module")
def built(lab, tiny):
    known = {}

    def get(framework):
        if framework not in known:
            recipe = lab.environment.backends[framework].recipes(tiny.facts)[0]
            made = build(lab.context, tiny, recipe, None, lab.context.logs / f"{framework}-packaged.log")
            assert not isinstance(made, Failure), made.reason
            known[framework] = made
        return known[framework]

    return get


@pytest.mark.parametrize("framework", list(KIND_OF))
def test_a_build_in_its_own_format_answers_as_before(lab, built, tmp_path, framework):
    options = PackageOptions(kind=KIND_OF[framework], out=tmp_path / "package")
    made = package(lab.context, built(framework).path, options)
    assert made.smoke.outcome is Smoke.EQUAL, made.smoke.reason
    assert made.smoke.toolchain == framework


def test_an_artifact_for_a_registry_answers_as_before(lab, built, tmp_path):
    made = package(lab.context, built("openvino").path, PackageOptions(kind="oci", out=tmp_path / "oci"))
    assert made.smoke.outcome is Smoke.EQUAL
    assert made.reference.startswith("sha256:")


def test_a_build_that_was_damaged_is_not_packaged(lab, built, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(built("llamacpp").path, broken)
    manifest = json.loads((broken / "edgewright.json").read_text())
    weights = broken / max(manifest["files"], key=lambda file: file["size_bytes"])["path"]
    data = weights.read_bytes()
    weights.write_bytes(data[: len(data) // 2])
    with pytest.raises(Exception, match="differs from its recorded hash"):
        package(lab.context, broken, PackageOptions(kind="gguf", out=tmp_path / "package"))
    assert not Path(tmp_path / "package").exists()


def test_a_packaged_build_that_cannot_be_loaded_is_not_left_there(lab, built, tmp_path, monkeypatch):
    from edgewright.packagers.plain import Plain

    def emptied(self, root, packed, place):
        shutil.copytree(root / packed.model, place / "model")
        for file in (place / "model").glob("*.gguf"):
            file.unlink()
            file.write_bytes(b"GGUF")
        return place / "model"

    monkeypatch.setattr(Plain, "unpack", emptied)
    with pytest.raises(WorkerError):
        package(lab.context, built("llamacpp").path, PackageOptions(kind="gguf", out=tmp_path / "package"))
    assert not (tmp_path / "package").exists()
