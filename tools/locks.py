"""Resolves every toolchain's locks anew from the requirements beside them, with the SHA-256 of every file.

python -m tools.locks             a table of what changed, then the locks are written
python -m tools.locks --check     the table only
python -m tools.locks --keep      versions stay where they fit; what the index has of them by now is written down
python -m tools.locks onnx torch  these toolchains only; with --check or --keep, or without

A toolchain has up to three pairs of NAME.in and NAME.lock: ``run`` is what running builds needs, ``build`` what making them
needs beyond that, ``compile`` what packages without wheels are compiled with. The last two are resolved under the pins of the
first. What a NAME.in pins stays; what the pins bring along moves to the newest versions that fit. Nothing is installed: pip
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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgewright.core.device.lock import Pin, canonical, read_lock
from edgewright.sites.local.install import cpu_index
from tools.lockfile import CPU, Change, Requirements, changes, key_of, merged, read_requirements, rendered

_PYTHON = (3, 11)
_ROOT = Path(__file__).parents[1]
_PLACES = ("src/edgewright/*/*/run.in", "examples/*/src/*/run.in")
_ENVIRONMENT = {"pip"}
"""What comes with a virtual environment."""


class ResolutionError(Exception):
    """Pip found no set of packages; the message is its own."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A lock as it would be."""

    file: Path
    text: str
    pins: tuple[Pin, ...]
    changes: tuple[Change, ...]


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 where a toolchain could not be resolved, 2 where it was asked wrongly."""
    parser = argparse.ArgumentParser(prog="tools.locks", description="Resolve the toolchains' locks anew.")
    parser.add_argument("--check", action="store_true", help="print what would change, and write nothing")
    parser.add_argument("--keep", action="store_true", help="keep each version that still fits")
    parser.add_argument("toolchain", nargs="*", help="all of them unless named")
    options = parser.parse_args(arguments)
    folders = {file.parent.name: file.parent for place in _PLACES for file in sorted(_ROOT.glob(place))}
    if unknown := [name for name in options.toolchain if name not in folders]:
        parser.error(f"there is no toolchain {unknown[0]}; there are {', '.join(folders)}")
    if sys.version_info[:2] != _PYTHON:
        parser.error("locks are resolved under Python 3.11; run this with python3.11")
    failed = 0
    for name in options.toolchain or folders:
        try:
            drafts = _drafts(folders[name], keep=options.keep)
        except ResolutionError as error:
            print(f"{name}: {error}", flush=True)
            failed = 1
            continue
        for draft in drafts:
            print(_table(f"{name} {draft.file.name}", draft.changes), flush=True)
            if not options.check:
                draft.file.write_text(draft.text, encoding="utf-8")
    return failed


def _drafts(folder: Path, *, keep: bool) -> list[Draft]:
    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        pip = _Pip(Path(scratch))
        run = _draft(pip, folder, "run", (), keep=keep)
        others = [name for name in ("build", "compile") if (folder / f"{name}.in").is_file()]
        return [run, *(_draft(pip, folder, name, run.pins, keep=keep) for name in others)]


def _draft(pip: _Pip, folder: Path, name: str, below: Sequence[Pin], *, keep: bool) -> Draft:
    """One lock. A build lock leaves out what the run lock below it has; what compiles is needed before that is there."""
    requirements = read_requirements((folder / f"{name}.in").read_text(encoding="utf-8"))
    file = folder / f"{name}.lock"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    old = read_lock(text)
    versions = pip.resolve(requirements, [*below, *(old if keep else ())])
    if name == "build":
        versions = {key: version for key, version in versions.items() if key not in map(key_of, below)}
    files = pip.files(pins := merged(old, versions), old)
    hashed = tuple(replace(pin, hashes=tuple(sorted(files[key_of(pin)].values()))) for pin in pins)
    if empty := [pin.name for pin in hashed if not pin.hashes]:
        raise ResolutionError(f"the index tells no SHA-256 of {', '.join(empty)}")
    source_only = [
        pin.name for pin in hashed if not any(file.endswith(".whl") for file in files[key_of(pin)])
    ]
    new = rendered(text, hashed, source_only)
    return Draft(file=file, text=new, pins=hashed, changes=changes(old, hashed))


class _Pip:
    """A pip in an environment that is thrown away."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        venv.create(scratch / "venv", with_pip=True)
        self._python = scratch / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        self._torch: dict[str, str] = {}

    def resolve(self, requirements: Requirements, bounds: Sequence[Pin]) -> dict[str, str]:
        """Versions by `key_of`, as pip's resolver chooses them for this system under the pins of ``bounds``.

        Raises:
            ResolutionError: pip ended without a report, or found PyTorch with CUDA only.
        """
        report, asked, constraints = (self._scratch / name for name in ("report", "asked", "constraints"))
        empty = [_empty_wheel(self._scratch, name, said) for name, said in requirements.without.items()]
        asked.write_text("\n".join([*requirements.asked, *map(str, empty)]) + "\n", encoding="utf-8")
        bound = {canonical(pin.name): pin.version.removesuffix(CPU) for pin in reversed(bounds)}
        free = bound.keys() - requirements.without.keys()
        constraints.write_text("".join(f"{name}=={bound[name]}\n" for name in free), encoding="utf-8")
        command = [str(self._python), "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += [*cpu_index(), "--report", str(report), "--requirement", str(asked)]
        command += ["--constraint", str(constraints)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not report.is_file():
            raise ResolutionError(done.stderr.strip() or f"pip ended with {done.returncode}")
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
        versions: dict[str, str] = {}
        for one in found:
            name, version = canonical(one["metadata"]["name"]), str(one["metadata"]["version"])
            if name == "torch":
                self._note_torch(one, version)
                versions[f"torch{CPU}"] = version
            versions[name] = version.partition("+")[0]
        left_out = _ENVIRONMENT | requirements.without.keys()
        return {name: version for name, version in versions.items() if name not in left_out}

    def _note_torch(self, one: Mapping[str, object], version: str) -> None:
        """Its wheel and the wheel's hash; only a CPU build will do."""
        if not version.endswith(CPU):
            raise ResolutionError(f"pip found torch {version}, not its CPU build; let it reach that")
        download = one["download_info"]
        assert isinstance(download, dict)  # noqa: S101  # pip's report
        self._torch = {download["url"].rpartition("/")[2]: download["archive_info"]["hashes"]["sha256"]}

    def files(self, pins: Sequence[Pin], old: Sequence[Pin]) -> dict[str, dict[str, str]]:
        """SHA-256 by file name by `key_of`.

        PyTorch's CPU wheels are on an index of its own. Where that cannot be reached, the hashes that the lock has of them
        stay, and the wheel that pip found is added.
        """
        plain = [pin for pin in pins if not key_of(pin).endswith(CPU)]
        found = self._ask("", plain)
        if "torch" in found:
            found["torch"] = {file: one for file, one in found["torch"].items() if "linux" not in file}
        for pin in pins:
            if key_of(pin).endswith(CPU):
                known = {f"{one}.whl": one for p in old if p.version == pin.version for one in p.hashes}
                index = cpu_index()
                listed = self._ask(index[1], [pin])["torch"] if index else known
                if not index and not known:
                    print(f"  torch {pin.version}: the hash of one wheel only, its index is not reached")
                every = {*listed.values(), *self._torch.values()}
                found[key_of(pin)] = {f"{digest}.whl": digest for digest in every}
        return found

    def _ask(self, index: str, pins: Sequence[Pin]) -> dict[str, dict[str, str]]:
        program = Path(__file__).with_name("index_files.py")
        releases = [(canonical(pin.name), pin.version) for pin in pins]
        done = subprocess.run(
            [str(self._python), str(program)],
            input=json.dumps({"index": index, "releases": releases}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ResolutionError(done.stderr.strip())
        answer: dict[str, dict[str, str]] = json.loads(done.stdout)
        return answer


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


def _table(name: str, changed: Sequence[Change]) -> str:
    if not changed:
        return f"{name}: nothing changes"
    rows = [("package", "old", "new"), *((one.package, one.old or "-", one.new or "-") for one in changed)]
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(cell.ljust(wide[at]) for at, cell in enumerate(row)).rstrip() for row in rows]
    return "\n".join([f"{name}: {len(changed)} packages change", *(f"  {line}" for line in lines)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
