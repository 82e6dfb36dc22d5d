"""A run's directory: an append-only journal, ``run.json`` and the report drawn from it.

Law: a line of the journal is written whole and flushed to disk before the run goes on; a torn last line (a kill, a full
disk) is dropped when it is read. ``run.json`` is replaced by rename.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from edgewright.codec import dump, from_plain, plain
from edgewright.core.measurement.rounds import Round, RoundKey
from edgewright.core.run import Run
from edgewright.errors import InputError, ResourceError
from edgewright.formats import load
from edgewright.formats.journal import brought_up_to_date
from edgewright.ports import Clock
from edgewright.reasons import Reason
from edgewright.sites.local.documents import read_bytes
from edgewright.sites.local.home import make_directory
from edgewright.sites.local.store import write_atomically

RECORD, REPORT, JOURNAL = "run.json", "report.html", "journal.jsonl"


class RunDirectory:
    """The `Journal` of one run; ``draw`` renders the report."""

    def __init__(self, path: Path, clock: Clock, draw: Callable[[Run], str], key: str) -> None:
        self.path = path
        self._clock = clock
        self._draw = draw
        self._key = key

    def rounds(self, key: str) -> dict[RoundKey, Round]:
        """Finished rounds under this plan key."""
        return {
            from_plain(RoundKey, line["of"]): from_plain(Round, brought_up_to_date(line["round"]))
            for line in _lines(self.path / JOURNAL)
            if line.get("event") == "round" and line.get("key") == key and "of" in line
        }

    def add_round(self, key: RoundKey, finished: Round) -> None:
        """Append a finished round."""
        self._append({"event": "round", "of": plain(key), "round": plain(finished)})

    def note(self, event: str, **details: str | float | Reason | None) -> None:
        """Append anything else."""
        self._append({"event": event, **{name: _shown(value) for name, value in details.items()}})

    def _append(self, line: dict[str, Any]) -> None:
        stamped = {"at_s": round(self._clock.now_s(), 3), "key": self._key, **line}
        data = json.dumps(stamped, ensure_ascii=False).encode() + b"\n"
        try:
            with (self.path / JOURNAL).open("ab") as stream:
                if stream.tell() and not _ends_whole(self.path / JOURNAL):
                    data = b"\n" + data
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def save(self, run: Run) -> None:
        """Replace ``run.json``, and the report once the run has a choice."""
        try:
            write_atomically(self.path / RECORD, dump(run, indent=1))
            if run.finished_s is not None:
                write_atomically(self.path / REPORT, self._draw(run).encode())
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _shown(value: str | float | Reason | None) -> Any:
    return plain(value) if isinstance(value, Reason) else value


def _unwritable(path: Path, error: OSError) -> ResourceError:
    hint = "Free space or give another --out; then run the same command to continue."
    return ResourceError(f"{path} cannot be written: {error.strerror or error}.", hint=hint)


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # torn by a kill: what it would have said is done again


def read_run(path: Path) -> Run:
    """The record in a run directory (or the file itself), whichever version wrote it.

    Raises:
        InputError: there is none, it is damaged, or it is of a later version.
    """
    record = path / RECORD if path.is_dir() else path
    if not record.is_file():
        raise InputError(f"There is no run at {path}.", hint="Give the --out directory of an optimize run.")
    return load(Run, read_bytes(record), str(record))


@contextmanager
def open_run_directory(path: Path) -> Iterator[Path]:
    """Make the directory and hold it: two runs never write to one.

    Raises:
        ResourceError: it cannot be written, or another run holds it.
    """
    make_directory(path, hint="Give another --out.")
    lock = FileLock(path / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ResourceError(
            f"Another run is writing to {path}.", hint="Wait for it, or give another --out."
        ) from error
    except OSError as error:
        raise ResourceError(
            f"{path} cannot be written: {error.strerror}.", hint="Give another --out."
        ) from error
    try:
        yield path
    finally:
        lock.release()
