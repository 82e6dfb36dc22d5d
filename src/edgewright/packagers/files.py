"""Files of a build in a package: link or copy them, restore them, and check their digests."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from edgewright.core.recipe.artifact import FileDigest
from edgewright.errors import IntegrityError

_LINKED_FROM_BYTES = 1_000_000


def put(source: Path, target: Path) -> None:
    """A file in its place: large ones as hard links where the file system has them, others as copies."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.stat().st_size >= _LINKED_FROM_BYTES:
        with contextlib.suppress(OSError):  # another file system, or one without hard links
            os.link(source, target)
            return
    shutil.copy2(source, target)


def digest_of(path: Path) -> FileDigest:
    """A file's size and SHA-256, under its own name."""
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileDigest(path=path.name, size_bytes=path.stat().st_size, sha256=sha256)


def demand(path: Path, sha256: str) -> None:
    """Check a file against its digest.

    Raises:
        IntegrityError: it is missing, or its bytes are others.
    """
    if not path.is_file() or digest_of(path).sha256 != sha256:
        raise IntegrityError(
            f"{path.name} of the package differs from its recorded hash.", hint="Get the package again."
        )
