"""What every kind of package must do. Subclass in a test file and return yours from ``make``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from edgewright.codec import dump
from edgewright.core.recipe.artifact import MANIFEST_NAME, MANIFEST_VERSION, Artifact, FileDigest, Manifest
from edgewright.core.recipe.recipes import Precision, Recipe
from edgewright.core.release.package import Package, Smoke, SmokeTest
from edgewright.ports.packager import Packager, Subject
from edgewright.testing.samples import LINEAGE

_FILES = {"weights.bin": b"\x00\x01" * 700_000, "config.json": b"{}", "sub/tokenizer.json": b"[1]"}


class PackagerConformance:
    """Subclass, and return the packager from ``make``; ``framework`` names one whose builds it can hold."""

    framework = "llamacpp"

    def make(self) -> Packager:
        """The packager under test."""
        raise TypeError("return the packager under test from make()")

    def build(self, root: Path) -> Subject:
        """A build of three files, one of them in a folder."""
        for name, data in _FILES.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        files = tuple(
            FileDigest(path=name, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            for name, data in sorted(_FILES.items())
        )
        recipe = Recipe(framework=self.framework, name="int8", precision=Precision.INT8, nominal_bits=8.0)
        manifest = Manifest(
            version=MANIFEST_VERSION,
            key="k",
            recipe=recipe,
            files=files,
            size_bytes=sum(file.size_bytes for file in files),
            weight_bytes=1_400_000,
            parameters=1_400_000,
            bits_per_weight=8.0,
            lineage=LINEAGE,
        )
        (root / MANIFEST_NAME).write_bytes(dump(manifest))
        artifact = Artifact(path=str(root), manifest=manifest)
        return Subject(artifact=artifact, files=files, name="model-int8", made_s=1_700_000_000.0)

    def test_it_has_a_short_name_and_a_title(self) -> None:
        packager = self.make()
        assert packager.kind == packager.kind.lower().strip()
        assert packager.title

    def test_it_takes_a_build_of_its_framework(self, tmp_path: Path) -> None:
        assert self.make().refusal(self.build(tmp_path).artifact.manifest) is None

    def test_the_build_comes_out_as_it_went_in(self, tmp_path: Path) -> None:
        packager, subject, place = self.make(), self.build(tmp_path / "build"), tmp_path / "package"
        place.mkdir()
        packed = packager.pack(subject, place)
        assert packed.download_bytes >= subject.artifact.manifest.size_bytes
        restored = packager.unpack(place, packed, tmp_path / "restored")
        for name, data in {**_FILES, MANIFEST_NAME: dump(subject.artifact.manifest)}.items():
            assert (restored / name).read_bytes() == data

    def test_it_needs_no_file_of_the_build_once_it_is_made(self, tmp_path: Path) -> None:
        packager, subject, place = self.make(), self.build(tmp_path / "build"), tmp_path / "package"
        place.mkdir()
        packed = packager.pack(subject, place)
        (tmp_path / "build").rename(tmp_path / "gone")
        assert (packager.unpack(place, packed, tmp_path / "restored") / "config.json").read_bytes() == b"{}"

    def test_the_same_build_gives_the_same_package(self, tmp_path: Path) -> None:
        packager, subject = self.make(), self.build(tmp_path / "build")
        seen = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            packager.pack(subject, tmp_path / name)
            files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
            seen.append([(str(f.relative_to(tmp_path / name)), f.read_bytes()) for f in files])
        assert seen[0] == seen[1]

    def test_it_says_how_it_is_used(self, tmp_path: Path) -> None:
        subject = self.build(tmp_path)
        package = Package(
            kind=self.make().kind,
            name=subject.name,
            build="b",
            key="k",
            framework=self.framework,
            edgewright="0",
            made_s=0.0,
            files=subject.files,
            model="model",
            smoke=SmokeTest(outcome=Smoke.NOT_RUN),
        )
        assert "```" in self.make().usage(package)
        assert json.loads(dump(package))["kind"] == self.make().kind
