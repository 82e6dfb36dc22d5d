"""A kind of package: how a build is laid out for the place where it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgewright.core.recipe.artifact import Artifact, FileDigest, Manifest
    from edgewright.core.release.package import Package
    from edgewright.reasons import Reason


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is packaged: a verified build, the files of it, its ``name`` for users, and when it is packaged (seconds since the epoch)."""

    artifact: Artifact
    files: tuple[FileDigest, ...]
    name: str
    made_s: float


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What a packager wrote.

    ``model`` is the path of the build in the package, empty where it is not there as files. ``download_bytes`` are transferred
    when it is installed. ``reference`` is the digest by which a registry knows it. ``unverified`` is what could not be tried here.
    """

    model: str = ""
    download_bytes: int
    reference: str = ""
    unverified: tuple[Reason, ...] = ()


class Packager(Protocol):
    """One kind of package. One is registered in `environment`, or by the entry point group ``edgewright.packagers``."""

    @property
    def kind(self) -> str:
        """Its name on the command line."""
        ...

    @property
    def title(self) -> str:
        """What it is, in a few words."""
        ...

    def refusal(self, build: Manifest) -> Reason | None:
        """Why it cannot package a build; None if it can."""
        ...

    def pack(self, subject: Subject, root: Path) -> Packed:
        """Write the package below ``root``, which is an empty directory; its record and README are added afterwards.

        Raises:
            EdgewrightError: it cannot be made.
            OSError: the disk is full, or ``root`` cannot be written.
        """
        ...

    def unpack(self, root: Path, package: Packed, place: Path) -> Path:
        """The build's directory, restored from the files of the package alone; below ``place`` unless it lies in it as files.

        Raises:
            IntegrityError: a file of the package is damaged.
        """
        ...

    def page(self, package: Package, text: str) -> str:
        """The package's README, made of the ``text`` that all kinds have in common."""
        ...

    def usage(self, package: Package) -> str:
        """How the package is used, as Markdown for its README."""
        ...
