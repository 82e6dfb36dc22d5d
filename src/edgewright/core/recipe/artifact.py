"""What a build left behind, and the manifest that travels with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgewright.core.keys import digest
from edgewright.core.recipe.recipes import Option, Recipe

MANIFEST_NAME = "edgewright.json"
MANIFEST_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class FileDigest:
    """One file of an artifact: path with forward slashes, relative to the artifact's directory."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where an artifact came from, down to the versions of the tools that made it.

    ``made_from`` is the key of the build that it was made from, or the source's digest; ``calibration`` the digest of
    the calibration text's ids, empty where the build looked at none. Both are empty in manifests that were version 1.
    """

    source_name: str
    source_digest: str
    source_origin: str
    source_notes: tuple[str, ...]
    toolchain: str
    toolchain_digest: str
    tools: Mapping[str, str]
    worker: str
    made_from: str = ""
    calibration: str = ""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a run chose a build as: the ``trial``, its ``runtime`` options, and the ``run``'s key (empty if unknown)."""

    trial: str
    runtime: Mapping[str, Option]
    run: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that is known of an artifact without running it.

    ``recipe`` is what ``key`` stands for, in the store and in every export. An export says beside it what the build was
    ``selected`` as.

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
    selected: Selection | None = None

    @property
    def id(self) -> str:
        """The trial that it was selected as, else its recipe's name."""
        return self.selected.trial if self.selected else self.recipe.id

    @property
    def runtime(self) -> Mapping[str, Option]:
        """The options to run it with: those it was selected with, else its recipe's."""
        return self.selected.runtime if self.selected else self.recipe.runtime

    @property
    def true_to_key(self) -> bool:
        """Whether the key is that of recipe and lineage. One that was version 1 does not say enough, and is taken."""
        return not self.lineage.made_from or self.key == artifact_key(self.recipe, self.lineage)


def artifact_key(recipe: Recipe, lineage: Lineage) -> str:
    """The key of a build: the digest of all that can change its bytes. Runtime options cannot."""
    made_with = [lineage.toolchain_digest, lineage.worker]
    seen = [lineage.calibration] if lineage.calibration else []
    made_from = [lineage.source_digest, lineage.made_from]
    return digest([*made_from, recipe.id, recipe.precision, recipe.build, *made_with, *seen])


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A manifest and the directory it describes."""

    path: str
    manifest: Manifest

    @property
    def recipe(self) -> Recipe:
        """What it was built from."""
        return self.manifest.recipe
