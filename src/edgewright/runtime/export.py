"""The chosen build beside its run's record, as a directory that can be shipped."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from edgewright.core.artifact import MANIFEST_NAME, Artifact
from edgewright.errors import ResourceError

BEST = "best"


def export_build(artifact: Artifact, place: Path) -> Path:
    """Put the artifact's files at ``place``: hard links to the store, copies where the file system has none.

    The store may be deleted afterwards; the exported files stay.

    Raises:
        ResourceError: the place cannot be written.
    """
    source, draft = Path(artifact.path), place.with_name(f".{place.name}.draft")
    if _same(source, place):
        return place
    try:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source, draft, copy_function=_link_or_copy)
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
    except OSError as error:
        hint = "Free space or give another --out; the build itself is kept in the cache home."
        raise ResourceError(f"{place} cannot be written: {error.strerror or error}.", hint=hint) from error
    return place


def _same(source: Path, place: Path) -> bool:
    mine, theirs = source / MANIFEST_NAME, place / MANIFEST_NAME
    return theirs.is_file() and mine.read_bytes() == theirs.read_bytes()


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
    return target
