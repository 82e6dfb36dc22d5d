"""The directories of runs on this machine: the record, the journal, and the build that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from edgewright.core.recipe.artifact import Artifact, Selection
from edgewright.core.run import Run
from edgewright.ports import Clock
from edgewright.sites.local.export import BEST, export_build, remove_export
from edgewright.sites.local.rundir import RECORD, RunDirectory, open_run_directory, read_run


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

    def export(self, artifact: Artifact, selected: Selection, path: Path) -> Path:
        """See `Runs.export`."""
        return export_build(artifact, path / BEST, selected)

    def exported(self, path: Path) -> Path | None:
        """See `Runs.exported`."""
        place = path / BEST
        return place if place.is_dir() else None

    def remove_export(self, path: Path) -> None:
        """See `Runs.remove_export`."""
        remove_export(path / BEST)
