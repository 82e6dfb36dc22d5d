"""The chosen build beside its run's record, as a directory that can be shipped.

Law: an export's recipe is that of its key. What the build was chosen as stands beside it, in ``selected``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

from edgewright.codec import dump
from edgewright.core.recipe.artifact import MANIFEST_NAME, Artifact, Selection
from edgewright.errors import ResourceError

BEST = "best"
_LINKED_FROM_BYTES = 1_000_000


def export_build(artifact: Artifact, place: Path, selected: Selection) -> Path:
    """Put the artifact's files at ``place``: weights as hard links to the store where the file system has them.

    Small files are copies, so that a configuration edited here does not change the store's. The store may be deleted
    afterwards; the exported files stay.

    Raises:
        ResourceError: the place cannot be written.
    """
    source, draft = Path(artifact.path), place.with_name(f".{place.name}.draft")
    manifest = dump(replace(artifact.manifest, selected=selected), indent=2)
    if _holds(place, manifest):
        return place
    try:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source, draft, copy_function=_link_or_copy)
        (draft / MANIFEST_NAME).unlink(missing_ok=True)  # it may be a link to the store's
        (draft / MANIFEST_NAME).write_bytes(manifest)
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
    except OSError as error:
        hint = "Free space or give another --out; the build itself is kept in the cache home."
        raise ResourceError(f"{place} cannot be written: {error.strerror or error}.", hint=hint) from error
    return place


def remove_export(place: Path) -> None:
    """Remove what `export_build` put at ``place``, if anything.

    Raises:
        ResourceError: it cannot be removed.
    """
    if not place.exists():
        return
    doomed = place.with_name(f".{place.name}.draft")  # renamed first: what has the final name is whole
    try:
        shutil.rmtree(doomed, ignore_errors=True)
        place.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        hint = "Close the program that uses it, or delete it by hand: this run does not recommend it."
        raise ResourceError(f"{place} cannot be removed: {error.strerror or error}.", hint=hint) from error


def _holds(place: Path, manifest: bytes) -> bool:
    written = place / MANIFEST_NAME
    return written.is_file() and written.read_bytes() == manifest


def _link_or_copy(source: str, target: str) -> str:
    if Path(source).stat().st_size >= _LINKED_FROM_BYTES:
        with contextlib.suppress(OSError):  # another file system, or one without hard links
            os.link(source, target)
            return target
    return str(shutil.copy2(source, target))
