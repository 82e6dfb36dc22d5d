"""Resolves every toolchain's requirements.lock anew from the requirements.in beside it.

python -m tools.locks             a table of what changed, then the locks are written
python -m tools.locks --check     the table only
python -m tools.locks onnx torch  these toolchains only; with --check or without

What requirements.in pins stays; what the pins bring along moves to the newest versions that fit. Nothing is installed: pip
resolves in an environment of its own that is thrown away, under Python 3.11, the oldest version that edgewright runs on.
A dependency that is left out on purpose is an empty wheel there, so that pip finds it and asks for no more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.sites.local.install import cpu_index
from tools.lockfile import Change, Requirements, canonical, read_requirements, updated

_PYTHON = (3, 11)
_ROOT = Path(__file__).parents[1] / "src" / "edgewright"
_IN, _LOCK = "requirements.in", "requirements.lock"
_ENVIRONMENT = {"pip", "setuptools"}
"""What comes with a virtual environment, or where it does not, with torch, which is installed with its dependencies."""


class ResolutionError(Exception):
    """Pip found no set of packages; the message is its own."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A toolchain's lock as it would be."""

    folder: Path
    text: str
    changes: tuple[Change, ...]


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 where a toolchain could not be resolved, 2 where it was asked wrongly."""
    parser = argparse.ArgumentParser(prog="tools.locks", description="Resolve the toolchains' locks anew.")
    parser.add_argument("--check", action="store_true", help="print what would change, and write nothing")
    parser.add_argument("toolchain", nargs="*", help="all of them unless named")
    options = parser.parse_args(arguments)
    folders = {file.parent.name: file.parent for file in sorted(_ROOT.glob(f"*/*/{_IN}"))}
    if unknown := [name for name in options.toolchain if name not in folders]:
        parser.error(f"there is no toolchain {unknown[0]}; there are {', '.join(folders)}")
    if sys.version_info[:2] != _PYTHON:
        parser.error("locks are resolved under Python 3.11; run this with python3.11")
    failed = 0
    for name in options.toolchain or folders:
        try:
            draft = _draft(folders[name])
        except ResolutionError as error:
            print(f"{name}: {error}", flush=True)
            failed = 1
            continue
        print(_table(name, draft.changes), flush=True)
        if draft.changes and not options.check:
            (draft.folder / _LOCK).write_text(draft.text, encoding="utf-8")
    return failed


def _draft(folder: Path) -> Draft:
    requirements = read_requirements((folder / _IN).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        resolved = _resolve(requirements, Path(scratch))
    text, changes = updated((folder / _LOCK).read_text(encoding="utf-8"), resolved)
    return Draft(folder=folder, text=text, changes=changes)


def _resolve(requirements: Requirements, scratch: Path) -> dict[str, str]:
    """Versions by the index's name of a package, as pip's resolver chooses them for this system.

    Raises:
        ResolutionError: pip ended without a report.
    """
    venv.create(scratch / "venv", with_pip=True)
    python = scratch / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    report, asked = scratch / "report.json", scratch / _IN
    empty = [_empty_wheel(scratch, name, version) for name, version in requirements.without.items()]
    asked.write_text("\n".join([*requirements.asked, *map(str, empty)]) + "\n", encoding="utf-8")
    command = [str(python), "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    command += [*cpu_index(), "--report", str(report), "--requirement", str(asked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not report.is_file():
        raise ResolutionError(done.stderr.strip() or f"pip ended with {done.returncode}")
    left_out = _ENVIRONMENT | requirements.without.keys()
    found = [one["metadata"] for one in json.loads(report.read_text(encoding="utf-8"))["install"]]
    versions = {canonical(one["name"]): str(one["version"]).partition("+")[0] for one in found}
    return {name: version for name, version in versions.items() if name not in left_out}


def _empty_wheel(folder: Path, name: str, version: str) -> Path:
    """A package without content and without dependencies."""
    stem = f"{name.replace('-', '_')}-{version}"
    info, path = f"{stem}.dist-info", folder / f"{stem}-py3-none-any.whl"
    kind = "Wheel-Version: 1.0\nGenerator: locks\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", kind)
        wheel.writestr(f"{info}/RECORD", "")
    return path


def _table(name: str, changes: Sequence[Change]) -> str:
    if not changes:
        return f"{name}: nothing changes"
    rows = [("package", "old", "new"), *((one.package, one.old or "-", one.new or "-") for one in changes)]
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(cell.ljust(wide[at]) for at, cell in enumerate(row)).rstrip() for row in rows]
    return "\n".join([f"{name}: {len(changes)} packages change", *(f"  {line}" for line in lines)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
