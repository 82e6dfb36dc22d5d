"""Packages that are nothing but the build: ``gguf``, ``onnx``, ``openvino``, ``mlx``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from edgewright.codec import from_plain
from edgewright.core.recipe.artifact import MANIFEST_NAME, Manifest
from edgewright.core.release.package import Package
from edgewright.packagers.files import put
from edgewright.ports.packager import Packed, Subject
from edgewright.reasons import Reason, because

_MODEL = "model"


@dataclass(frozen=True, kw_only=True)
class Plain:
    """See `Packager`."""

    kind: str
    framework: str
    title: str
    file: str
    text: str

    def refusal(self, build: Manifest) -> Reason | None:
        """Only builds of its framework."""
        if build.recipe.framework == self.framework:
            return None
        return because("other_format", kind=self.kind, framework=self.framework, build=build.id)

    def pack(self, subject: Subject, root: Path) -> Packed:
        """The build's files and its manifest, below ``model``."""
        source = Path(subject.artifact.path)
        names = [file.path for file in subject.files]
        for name in (*names, MANIFEST_NAME):
            put(source / name, root / _MODEL / name)
        total = sum(path.stat().st_size for path in (root / _MODEL).rglob("*") if path.is_file())
        return Packed(model=_MODEL, download_bytes=total)

    def unpack(self, root: Path, package: Packed, place: Path) -> Path:
        """As it lies there."""
        del place
        return root / package.model

    def page(self, package: Package, text: str) -> str:
        """As it is."""
        del package
        return text

    def usage(self, package: Package) -> str:
        """With the program that reads its format."""
        weights = [file.path for file in package.files if Path(file.path).match(self.file)]
        name = Path(weights[0]).name if weights else ""
        return self.text.replace("{model}", package.model).replace("{file}", name).strip()


def plain_packagers() -> tuple[Plain, ...]:
    """One for each framework's own format."""
    table = tomllib.loads((files("edgewright.packagers") / "plain.toml").read_text(encoding="utf-8"))
    return tuple(
        from_plain(Plain, {"kind": kind, "text": row.pop("usage"), **row}) for kind, row in table.items()
    )
