"""Finished directories under keys that name all that can change their bytes.

Law: what `find` returns is whole. A directory is built beside its place and moved there by one rename; a killed builder
leaves a hidden directory that the next builder of the same key removes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgewright.core.jobs.results import Progress
from edgewright.errors import ResourceError
from edgewright.ports import Tell
from edgewright.sites.local.home import make_directory
from edgewright.sites.local.locks import held


def _silent(_: Progress) -> None:
    """For stores that nobody watches."""


class DirectoryStore:
    """The store on a local file system: ``root/kind/key``. ``tell`` hears who is waited for."""

    def __init__(self, root: Path, tell: Tell = _silent) -> None:
        self._root = root
        self._tell = tell

    @property
    def root(self) -> Path:
        """The directory below which everything lies."""
        return self._root

    def receive(self, kind: str, key: str, source: Path) -> Path:
        """Copy a finished directory of another store, unless it is there."""
        if found := self.find(kind, key):
            return found
        try:
            with self.building(kind, key) as draft:
                shutil.copytree(source, draft)
        except OSError as error:
            hint = "Free space, or set EDGEWRIGHT_HOME to another disk."
            raise ResourceError(
                f"{kind} {key[:12]} cannot be copied: {error.strerror or error}.", hint=hint
            ) from error
        return self._root / kind / key

    def find(self, kind: str, key: str) -> Path | None:
        """The finished directory under a key, or None."""
        path = self._root / kind / key
        return path if path.is_dir() else None

    def every(self, kind: str) -> Iterator[Path]:
        """All finished directories of a kind."""
        shelf = self._root / kind
        if shelf.is_dir():
            yield from (path for path in sorted(shelf.iterdir()) if path.is_dir() and path.name[0] != ".")

    def remove(self, kind: str, key: str) -> None:
        """Take a finished directory away; at once for readers, whatever the removal takes."""
        path = self._root / kind / key
        if path.is_dir():
            gone = path.with_name(f".{key}.removed")
            _remove(gone)
            path.rename(gone)
            _remove(gone)

    @contextmanager
    def building(self, kind: str, key: str) -> Iterator[Path]:
        """A path that does not exist yet; becomes ``root/kind/key`` when the block ends well."""
        shelf = make_directory(self._root / kind, hint="Set EDGEWRIGHT_HOME to a directory you can write.")
        with held(shelf / f".{key}.lock", self._tell, f"another edgewright that makes the same ({kind})"):
            draft = shelf / f".{key}.draft"
            _remove(draft)
            try:
                yield draft
                if not draft.is_dir():
                    message = f"nothing was written for {kind} {key[:12]}"
                    raise FileNotFoundError(message)
                _sync(draft)
                target = shelf / key
                _remove(target)
                draft.rename(target)
            finally:
                _remove(draft)


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)


def _sync(directory: Path) -> None:
    """Bytes reach the disk before the name does; else a power cut could leave a whole-looking half."""
    for file in directory.rglob("*"):
        if file.is_file() and not file.is_symlink():
            descriptor = os.open(file, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by one rename, so that a reader sees the old or the new, never half."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
