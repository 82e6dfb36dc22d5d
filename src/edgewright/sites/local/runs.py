"""The directories of runs on this machine: the record, the journal, and the build that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from edgewright.codec import dump
from edgewright.core.recipe.artifact import MANIFEST_NAME, Artifact
from edgewright.core.recipe.recipes import Recipe
from edgewright.core.run import Run
from edgewright.ports import Clock
from edgewright.sites.local.export import BEST, export_build, remove_export
from edgewright.sites.local.rundir import RECORD, RunDirectory, open_run_directory, read_run
from edgewright.sites.local.store import write_atomically


class LocalRuns:
    """The `Runs` of a local disk; ``draw`` renders a run's report."""

    def __init__(self, clock: Clock, draw: Callable[[Run], str]) -> None:
        self._clock = clock
        self._draw = draw

    def hold(self, path: Path) -> AbstractContextManager[Path]:
        """See `Runs.hold`."""
        return open_run_directory(path)

    def exists(self, path: Path) -> bool:
        """See `Runs.exists`."""
        return (path / RECORD).is_file()

    def read(self, path: Path) -> Run:
        """See `Runs.read`."""
        return read_run(path)

    def journal(self, path: Path, key: str) -> RunDirectory:
        """See `Runs.journal`."""
        return RunDirectory(path.resolve(), self._clock, self._draw, key)

    def export(self, artifact: Artifact, recipe: Recipe, path: Path) -> Path:
        """See `Runs.export`."""
        place = export_build(artifact, path / BEST)
        write_atomically(place / MANIFEST_NAME, dump(replace(artifact.manifest, recipe=recipe), indent=2))
        return place

    def exported(self, path: Path) -> Path | None:
        """See `Runs.exported`."""
        place = path / BEST
        return place if place.is_dir() else None

    def remove_export(self, path: Path) -> None:
        """See `Runs.remove_export`."""
        remove_export(path / BEST)
