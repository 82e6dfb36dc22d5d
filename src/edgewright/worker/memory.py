"""The block's memory by phases: the peak of each is reset before it, its parts are read at its end."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from edgewright.core.measurement.memory import Memory, MemoryPhase
from edgewright.worker import memory_elsewhere

_HEADER = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$")
_LINUX = "resident set of the process and its children (/proc: VmHWM reset by clear_refs, RssAnon, RssFile, RssShmem)"


class MemoryWatch:
    """Begins before anything is loaded; ``artifact`` tells weight files from other mapped files."""

    def __init__(self, artifact: Path) -> None:
        self._artifact = str(artifact.resolve()).encode()
        self._targets = {str(file.resolve()).encode() for file in artifact.rglob("*") if file.is_file()}
        self._phases: list[MemoryPhase] = []
        _reset_peaks()

    def phase(self, name: str) -> None:
        """The phase of that name ends now."""
        if Path("/proc/self/smaps").exists():
            self._phases.append(self._linux(name))
        else:
            self._phases.append(MemoryPhase(phase=name, peak=memory_elsewhere.peak_bytes()))
        _reset_peaks()

    def record(self) -> Memory:
        """All phases; how the weights were loaded shows in what is mapped."""
        split = self._phases[-1].weights
        mode = "not known" if split is None else "memory-mapped" if split > 2**20 else "read into memory"
        method = _LINUX if split is not None else memory_elsewhere.METHOD.get(sys.platform, "unknown")
        return Memory(
            phases=tuple(self._phases),
            load_mode=mode,
            method=method,
            device_peak=memory_elsewhere.device_bytes(_family()),
        )

    def _linux(self, name: str) -> MemoryPhase:
        peak = anonymous = file = shared = weights = 0
        for pid in _family():
            status = _status(pid)
            peak += status.get("VmHWM", 0)
            anonymous += status.get("RssAnon", 0)
            file += status.get("RssFile", 0)
            shared += status.get("RssShmem", 0)
            weights += self._mapped(pid)
        return MemoryPhase(
            phase=name,
            peak=max(peak, anonymous + file + shared),
            anonymous=anonymous,
            file=file,
            shared=shared,
            weights=min(weights, file),
        )

    def _mapped(self, pid: int) -> int:
        """Resident bytes of mappings of the artifact's files; pages that were written to count as anonymous."""
        total, ours = 0, False
        resident = private_dirty = 0
        try:
            lines = Path(f"/proc/{pid}/smaps").read_bytes().splitlines()
        except OSError:
            return 0
        for line in lines:
            header = _HEADER.match(line)
            if header:
                total += max(resident - private_dirty, 0) if ours else 0
                ours = header.group(1) in self._targets or header.group(1).startswith(self._artifact)
                resident = private_dirty = 0
            elif line.startswith(b"Rss:"):
                resident = int(line.split()[1]) * 1024
            elif line.startswith(b"Anonymous:"):
                private_dirty = int(line.split()[1]) * 1024
        return total + (max(resident - private_dirty, 0) if ours else 0)


def _reset_peaks() -> None:
    """Let the kernel count the peak from here on; where it refuses, peaks are those since the start."""
    for pid in _family():
        try:
            Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        except OSError:
            continue


def _status(pid: int) -> dict[str, int]:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return {}
    rows = (line.split() for line in text.splitlines())
    return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows if len(row) == 3 and row[2] == "kB"}


def _family() -> list[int]:
    """This process and its descendants."""
    me = os.getpid()
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [me]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found
