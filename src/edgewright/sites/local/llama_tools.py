"""Finds llama.cpp tools that a user already has, so that nothing has to be compiled.

Law: what is found here is only a candidate. Whether library and Python binding fit is decided by the smoke job.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Which = Callable[[str], str | None]
Run = Callable[[Sequence[str]], str]
"""Runs a command and gives what it wrote to stdout and stderr; raises OSError if it cannot be started."""

MINIMUM_VERSION = (0, 5, 0)
MINIMUM_BUILD = 10992
"""The oldest build worth trying.

The binding's declarations follow llama.h of 0.5.0-dev (commit 0c1e57098, 1 October 2026), and the structs that it passes
by value change between releases. Build 10991 still called itself 0.4.1-dev. Builds of shallow clones
count 0 or 1; of those the version decides, which tools older than 0.1 do not print.
"""

_QUANTIZE = "llama-quantize"
_ASKED = ("llama-bench", "llama-imatrix", "llama-perplexity", "llama-server", "llama-cli")
"""Tools that answer ``--version``, in order; llama-quantize does not."""
_LIBRARIES = ("libllama.so", "libllama.dylib", "llama.dll", "libllama.dll")
_VERSION = re.compile(
    r"version: (?:(?P<release>\d+(?:\.\d+)+\S*) \(build )?(?P<build>\d+)(?:,? \(?commit |\s\()(?P<commit>\w+)"
)


@dataclass(frozen=True, kw_only=True)
class ToolVersion:
    """What the tools say they are: ``release`` is empty for builds older than llama.cpp's version numbers."""

    build: int
    commit: str
    release: str = ""

    @property
    def recent(self) -> bool:
        """Whether it is worth running the smoke job with them."""
        numbers = tuple(int(part) for part in re.findall(r"\d+", self.release)[:3])
        return self.build >= MINIMUM_BUILD or numbers >= MINIMUM_VERSION


def usable_tools(environ: Mapping[str, str]) -> list[tuple[Path, Path]]:
    """Directories of tools and of their library that are recent enough to be tried, best first."""
    found = [
        (place, library_dir(place), tool_version(place, _output))
        for place in find_tools(environ, shutil.which)
    ]
    return [(place, library) for place, library, version in found if library and version and version.recent]


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(list(command), capture_output=True, text=True, timeout=20, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{command[0]} does not answer") from error
    return done.stdout + done.stderr


def find_tools(environ: Mapping[str, str], which: Which) -> list[Path]:
    """Directories with llama-quantize and libllama near it: of LLAMA_CPP_HOME, then of the PATH."""
    places = []
    if home := environ.get("LLAMA_CPP_HOME"):
        places = [Path(home), Path(home) / "bin", Path(home) / "build" / "bin"]
    if on_path := which(_QUANTIZE):
        # Package managers link single tools into one folder; their library lies where the link points.
        places += [Path(on_path).parent, Path(on_path).resolve().parent]
    found = [place for place in places if tool(place, _QUANTIZE) and library_dir(place)]
    return list(dict.fromkeys(found))


def tool(directory: Path, name: str) -> Path | None:
    """The executable ``name`` in a directory, or None."""
    files = (directory / name, directory / f"{name}.exe")
    return next((file for file in files if file.is_file() and os.access(file, os.X_OK)), None)


def library_dir(directory: Path) -> Path | None:
    """Where libllama lies that belongs to the tools in ``directory``: beside them or in ``../lib``."""
    places = (directory, directory.parent / "lib")
    return next((place for place in places if any((place / name).is_file() for name in _LIBRARIES)), None)


def tool_version(directory: Path, run: Run) -> ToolVersion | None:
    """The version of the tools in ``directory``, or None if none of them says."""
    for name in _ASKED:
        if executable := tool(directory, name):
            try:
                output = run([str(executable), "--version"])
            except OSError:
                continue
            if version := parse_version(output):
                return version
    return None


def parse_version(output: str) -> ToolVersion | None:
    """Read ``version: 0.5.0-dev (build 11000, commit 0c1e570)`` or the older ``version: 5581 (0c1e570)``."""
    match = _VERSION.search(output)
    if match is None:
        return None
    return ToolVersion(build=int(match["build"]), commit=match["commit"], release=match["release"] or "")
