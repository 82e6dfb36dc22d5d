"""The native half of a toolchain: llama.cpp's tools, found on this machine or compiled from a pinned source.

A user's own tools (``LLAMA_CPP_HOME``, then the PATH) are taken if they are new enough and if the toolchain's smoke job
proves that they and the Python binding fit; otherwise the pinned source is compiled.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

from edgewright.core.device.toolchain import NativeBuild, ToolchainSpec
from edgewright.core.jobs.results import Progress
from edgewright.errors import EdgewrightError, IntegrityError, ToolchainError
from edgewright.ports import Tell
from edgewright.sites.local.behind import CURRENT
from edgewright.sites.local.children import usable_cores
from edgewright.sites.local.drafts import new_draft, sweep
from edgewright.sites.local.home import Home
from edgewright.sites.local.llama_tools import usable_tools
from edgewright.sites.local.locks import machine
from edgewright.sites.local.venv import pip, python_of, run_command

Smoke = Callable[[Mapping[str, str]], object]

_BIN = "EDGEWRIGHT_LLAMA_CPP_BIN"
_SRC = "EDGEWRIGHT_LLAMA_CPP_SRC"
_LIB = "LLAMA_CPP_LIB_PATH"
_KEPT = ("convert_hf_to_gguf.py", "conversion", "gguf-py", "LICENSE", "licenses")


def add_native(
    spec: ToolchainSpec, native: NativeBuild, root: Path, home: Home, tell: Tell, smoke: Smoke
) -> dict[str, str]:
    """Add tools, converter and binding to the environment at ``root``; the variables that point children to them.

    Raises:
        ToolchainError: what was found does not fit and there is no compiler, or the compile failed.
        IntegrityError: the fetched source is not the pinned one.
    """
    tell(Progress(message=f"{spec.title}: downloading {native.distribution}"))
    archive = fetch_sdist(native, root, home, tell)
    source = _unpack(archive, root / "native", native)
    tell(Progress(message=f"{spec.title}: building the Python binding"))
    # Not built in isolation: what the sdist is built with is in the environment already, from the compile lock.
    path = os.pathsep.join([str(python_of(root).parent), os.environ.get("PATH", "")])
    binding = ["install", "--no-deps", "--no-index", "--no-build-isolation", str(archive)]
    pip(root, binding, tell, extra={**native.binding_env, "PATH": path})
    converter = _keep_converter(source, root / "native" / "src")
    found = _found(spec, converter, tell, smoke)
    if found is None:
        found = compile_tools(spec, native, source, root, tell)
    shutil.rmtree(root / "native" / "unpacked")
    archive.unlink()
    return _variables(found, converter)


def _variables(tools: tuple[Path, Path], converter: Path) -> dict[str, str]:
    binaries, libraries = tools
    return {_BIN: str(binaries), _LIB: str(libraries), _SRC: str(converter)}


def missing_tools(environment: Mapping[str, str]) -> str:
    """The directory of tools that a toolchain was installed with and that is gone now, or an empty string."""
    return next(
        (place for name in (_BIN, _LIB) if (place := environment.get(name)) and not Path(place).is_dir()), ""
    )


def foreign_tools(environment: Mapping[str, str], root: Path) -> tuple[str, ...]:
    """The directory of a user's own tools that the toolchain at ``root`` uses: their hash is not checked."""
    place = environment.get(_BIN)
    return (f"the tools in {place}",) if place and not Path(place).is_relative_to(root) else ()


def fetch_sdist(native: NativeBuild, root: Path, home: Home, tell: Tell) -> Path:
    """The pinned source distribution, downloaded once and checked against its SHA-256."""
    folder = home.make(home.downloads)
    kept = folder / f"{native.sha256[:16]}.tar.gz"
    if not kept.exists() or _sha256(kept) != native.sha256:
        sweep(kept)
        draft = new_draft(kept)
        name = native.distribution.split("==")[0]
        arguments = ["download", "--no-deps", "--no-binary", name, "--dest", str(draft), native.distribution]
        pip(root, arguments, tell)
        fetched = next(draft.glob("*.tar.gz"))
        if _sha256(fetched) != native.sha256:
            raise IntegrityError(
                f"The source {fetched.name} differs from the pinned one.",
                hint="Check which package index pip is configured to use.",
            )
        fetched.replace(kept)
        shutil.rmtree(draft, ignore_errors=True)
    # pip wants an archive under its own name.
    named = root / f"{native.distribution.replace('==', '-').replace('-', '_', 2)}.tar.gz"
    shutil.copyfile(kept, named)
    return named


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unpack(archive: Path, where: Path, native: NativeBuild) -> Path:
    where.mkdir(exist_ok=True)
    with tarfile.open(archive) as bundle:
        bundle.extractall(where / "unpacked", filter="data")
    inner = next((where / "unpacked").iterdir())
    return inner / native.source_dir


def _keep_converter(source: Path, where: Path) -> Path:
    where.mkdir()
    for name in _KEPT:
        kept = source / name
        if kept.is_dir():
            shutil.copytree(kept, where / name)
        elif kept.exists():
            shutil.copyfile(kept, where / name)
    return where


def _found(spec: ToolchainSpec, converter: Path, tell: Tell, smoke: Smoke) -> tuple[Path, Path] | None:
    for tools in usable_tools(os.environ):
        tell(Progress(message=f"{spec.title}: trying the tools in {tools[0]}"))
        try:
            smoke(_variables(tools, converter))
        except EdgewrightError as error:
            tell(
                Progress(
                    message=f"{spec.title}: {tools[0]} is not compatible with the binding: {error.message}"
                )
            )
        else:
            return tools
    return None


def require_tools_or_compiler() -> None:
    """Look before minutes of downloads are spent.

    Raises:
        ToolchainError: there is no compiler, and no tools that could be tried instead.
    """
    if not _has_compiler() and not usable_tools(os.environ):
        raise _no_compiler()


def _has_compiler() -> bool:
    return any(shutil.which(name) for name in (os.environ.get("CXX") or "c++", "g++", "clang++", "cl"))


def _no_compiler() -> ToolchainError:
    return ToolchainError(
        "No C++ compiler was found, and no usable llama.cpp tools are on the PATH.",
        hint="Install one (Debian: apt-get install g++; macOS: xcode-select --install), "
        "or set LLAMA_CPP_HOME to a llama.cpp build.",
    )


def compile_tools(
    spec: ToolchainSpec, native: NativeBuild, source: Path, root: Path, tell: Tell
) -> tuple[Path, Path]:
    if not _has_compiler():
        raise _no_compiler()
    build = root / "native" / "build"
    environment = {"PATH": os.pathsep.join([str(python_of(root).parent), os.environ.get("PATH", "")])}
    cmake = [str(python_of(root)), "-c", _RUN_CMAKE]
    include = root / "native" / "include.cmake"
    include.write_text(native.include, encoding="utf-8")
    options = [*native.cmake_options, f"-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES={include}"]
    configure = [*cmake, "-S", str(source), "-B", str(build), "-G", "Ninja", *options]
    on_line = _compile_progress(spec, native, tell)
    with nullcontext() if CURRENT.get() else machine(tell):  # behind other work, its run holds the machine
        run_command(configure, on_line, what="configuring llama.cpp", tell=tell, extra=environment)
        jobs = ["--parallel", str(usable_cores())]
        run_command(
            [*cmake, "--build", str(build), *jobs, "--target", *native.targets],
            on_line,
            what="compiling llama.cpp",
            tell=tell,
            extra=environment,
        )
    kept = root / "native" / "bin"
    shutil.copytree(build / "bin", kept, symlinks=True)
    shutil.rmtree(build)
    include.unlink()
    return kept, kept


_RUN_CMAKE = """
import os, subprocess, sys, cmake
name = "cmake.exe" if os.name == "nt" else "cmake"
sys.exit(subprocess.call([os.path.join(cmake.CMAKE_BIN_DIR, name), *sys.argv[1:]]))
"""


def _compile_progress(spec: ToolchainSpec, native: NativeBuild, tell: Tell) -> Callable[[str], None]:
    def on_line(line: str) -> None:
        step = re.match(r"\[(\d+)/(\d+)\]", line)
        if step:
            done, total = int(step.group(1)), int(step.group(2))
            minutes = native.minutes_on_two_cores * (1 - done / total) * 2 / usable_cores()
            message = (
                f"{spec.title}: compiling llama.cpp, {done} of {total} files, about {minutes:.0f} min left"
            )
            tell(Progress(message=message, fraction=done / total))

    return on_line
