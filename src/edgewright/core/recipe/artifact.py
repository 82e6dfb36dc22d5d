"""What a build left behind, and the manifest that travels with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgewright.core.recipe.recipes import Recipe

MANIFEST_NAME = "edgewright.json"
MANIFEST_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class FileDigest:
    """One file of an artifact: path with forward slashes, relative to the artifact's directory."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where an artifact came from, down to the versions of the tools that made it."""

    source_name: str
    source_digest: str
    source_origin: str
    source_notes: tuple[str, ...]
    toolchain: str
    toolchain_digest: str
    tools: Mapping[str, str]
    worker: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that is known of an artifact without running it.

    ``bits_per_weight`` is 8 x the bytes of the weight files / parameters: real, with scales and fallbacks.
    ``parameters`` are those of the source, counted from its tensor shapes.
    """

    version: int
    key: str
    recipe: Recipe
    files: tuple[FileDigest, ...]
    size_bytes: int
    weight_bytes: int
    parameters: int
    bits_per_weight: float
    lineage: Lineage
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A manifest and the directory it describes."""

    path: str
    manifest: Manifest

    @property
    def recipe(self) -> Recipe:
        """What it was built from."""
        return self.manifest.recipe
