"""What stages need of finished directories: digests, manifests, facts, tokenizers, records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgewright.codec import dump
from edgewright.core.model.facts import ModelFacts, TensorShape
from edgewright.core.recipe.artifact import MANIFEST_NAME, Artifact, FileDigest, Manifest
from edgewright.formats import load
from edgewright.inputs import safetensors as safetensors_facts
from edgewright.inputs.tokenizer import SourceTokenizer
from edgewright.sites.local.digests import file_digests, tree_digest, verify
from edgewright.sites.local.documents import read_bytes
from edgewright.sites.local.store import write_atomically


class LocalFiles:
    """The `Files` of a local disk. An artifact's bytes are checked once per process."""

    def __init__(self) -> None:
        self._checked: set[str] = set()

    def seal(self, root: Path, unsealed: Manifest) -> None:
        """Write the manifest with digests and sizes."""
        files = file_digests(root)
        manifest = replace(unsealed, files=files, size_bytes=sum(file.size_bytes for file in files))
        (root / MANIFEST_NAME).write_bytes(dump(manifest, indent=2))

    def artifact(self, root: Path) -> Artifact:
        """The artifact at ``root``, verified."""
        return Artifact(path=str(root), manifest=self._verified(root))

    def _verified(self, root: Path) -> Manifest:
        place = root / MANIFEST_NAME
        manifest = load(Manifest, read_bytes(place), str(place))
        if str(root) not in self._checked:
            verify(root, manifest)
            self._checked.add(str(root))
        return manifest

    def digests(self, root: Path) -> tuple[FileDigest, ...]:
        """Every file, a build's manifest included."""
        return file_digests(root, skip=())

    def tree_digest(self, root: Path) -> str:
        """One digest of a directory's content."""
        return tree_digest(root)

    def facts(self, source: Path) -> ModelFacts:
        """Facts of a portable source directory."""
        return safetensors_facts.read(source)

    def tensors(self, source: Path) -> list[TensorShape]:
        """The tensors that the weight files of a source directory declare."""
        files = safetensors_facts.weight_files(source)
        return [tensor for file in files for tensor in safetensors_facts.check(file)]

    def tokenizer(self, source: Path) -> SourceTokenizer:
        """The tokenizer of a portable source directory."""
        return SourceTokenizer(source)

    def write(self, path: Path, record: object) -> None:
        """Write a record as JSON, at once or not at all."""
        write_atomically(path, dump(record, indent=2))

    def read(self, path: Path, kind: type[Any]) -> Any:
        """Read a record that `write` wrote, of this version or an earlier one."""
        return load(kind, path.read_bytes(), str(path))
