"""Digests of files and folders."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from edgewright.core.keys import digest
from edgewright.core.quoted import quoted
from edgewright.core.recipe.artifact import MANIFEST_NAME, FileDigest, Manifest
from edgewright.errors import IntegrityError

_LONGEST_NAME = 1024


def file_digests(root: Path, *, skip: tuple[str, ...] = (MANIFEST_NAME,)) -> tuple[FileDigest, ...]:
    """Every file below ``root`` by relative path, sorted."""
    found = sorted(path for path in root.rglob("*") if path.is_file() and path.name not in skip)
    return tuple(
        FileDigest(
            path=path.relative_to(root).as_posix(), size_bytes=path.stat().st_size, sha256=sha256(path)
        )
        for path in found
    )


def tree_digest(root: Path, *, skip: tuple[str, ...] = ()) -> str:
    """One digest of a folder's content."""
    return digest([[f.path, f.sha256] for f in file_digests(root, skip=skip)])


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify(root: Path, manifest: Manifest) -> None:
    """Hold a folder against its manifest.

    Raises:
        IntegrityError: a file is missing, or its bytes are not the recorded ones; or the manifest names one elsewhere,
            or a recipe that its key does not stand for.
    """
    if not manifest.true_to_key:
        raise IntegrityError(
            f"The manifest of the build in {root} was changed: its key does not match its recipe and "
            "lineage.",
            hint=f"Delete {root} and run the same command again.",
        )
    for file in manifest.files:
        if not _within(file.path):
            raise IntegrityError(
                f"The manifest of the build in {root} lists {quoted(file.path)}, which is not a file of a "
                "build.",
                hint=f"Delete {root} and run the same command again.",
            )
        path = root / file.path
        if not path.is_file() or path.stat().st_size != file.size_bytes or sha256(path) != file.sha256:
            raise IntegrityError(
                f"{file.path} of the build {manifest.recipe.id} differs from its recorded hash.",
                hint=f"Delete {root} and run the same command again.",
            )


def _within(name: str) -> bool:
    """Whether a recorded name is that of a file below the folder: relative, without a step upwards."""
    parts = PurePosixPath(name).parts
    plain = name.isprintable() and "\\" not in name and not PureWindowsPath(name).drive
    return bool(parts) and plain and ".." not in parts and parts[0] != "/" and len(name) < _LONGEST_NAME
