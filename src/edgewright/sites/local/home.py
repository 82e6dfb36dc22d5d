"""Where edgewright keeps what it makes for all runs: toolchains, sources, builds, measurements."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from edgewright.errors import ResourceError


@dataclass(frozen=True, kw_only=True)
class Home:
    """The cache home. Everything in it can be made again; deleting it costs time, never data."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """``EDGEWRIGHT_HOME``, or the platform's cache directory."""
        named = os.environ.get("EDGEWRIGHT_HOME")
        return cls(
            root=Path(named).expanduser().resolve() if named else platformdirs.user_cache_path("edgewright")
        )

    @property
    def toolchains(self) -> Path:
        """Environments, one directory each."""
        return self.root / "toolchains"

    @property
    def store(self) -> Path:
        """Finished sources, artifacts and scores."""
        return self.root / "store"

    @property
    def downloads(self) -> Path:
        """Files fetched from a package index or a hub."""
        return self.root / "downloads"

    def make(self, path: Path) -> Path:
        """Create a directory below the home.

        Raises:
            ResourceError: the place cannot be written.
        """
        return make_directory(path, hint="Set EDGEWRIGHT_HOME to a directory you can write.")


def make_directory(path: Path, *, hint: str) -> Path:
    """Create a directory and its parents, or say in one sentence why not."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(
            f"The directory {path} cannot be made: {error.strerror or error}.", hint=hint
        ) from error
    return path
