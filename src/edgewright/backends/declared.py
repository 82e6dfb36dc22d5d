"""What every backend of ours declares in its folder: ``toolchain.toml``, its locks, and its own code."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from edgewright.codec import from_plain
from edgewright.core.device.lock import content
from edgewright.core.device.server import Server
from edgewright.core.device.toolchain import Half, ToolchainSpec
from edgewright.core.keys import digest
from edgewright.core.model.facts import ModelFacts, SourceKind, Task
from edgewright.core.recipe.allocation import Mixture, WeightType
from edgewright.core.recipe.recipes import Option, Recipe
from edgewright.core.recipe.space import Acceleration, Family, Space, Storage, candidates
from edgewright.errors import InputError


class Declared:
    """The part of a `Backend` that its folder says; the class adds name, worker, fit and recipes."""

    folder: ClassVar[Path]
    markers: ClassVar[tuple[str, ...]] = ()
    """Names or patterns of files that only this framework's models have."""
    tasks: ClassVar[frozenset[Task]] = frozenset({Task.TEXT_GENERATION})
    """Tasks whose models it builds."""

    runs: ClassVar[frozenset[SourceKind]] = frozenset()
    """Kinds of originals whose files this framework runs as they are."""
    timed_where: tuple[str, ...] = ()
    """See `Backend.timed_where`."""
    also: ClassVar[tuple[Path, ...]] = ()
    """Folders outside its own whose code and tables its worker's results depend on."""

    @cached_property
    def toolchain(self) -> ToolchainSpec:
        """See `Backend.toolchain`."""
        return load_toolchain(self.folder)

    @cached_property
    def server(self) -> Server | None:
        """See `Backend.server`; what ``server.toml`` declares."""
        return load_server(self.folder)

    @cached_property
    def code_digest(self) -> str:
        """See `Backend.code_digest`."""
        return code_digest(self.folder, *self.also)

    def recognizes(self, path: Path) -> bool:
        """See `Backend.recognizes`."""
        return any(
            path.match(marker) if path.is_file() else any(path.glob(marker)) for marker in self.markers
        )

    def space(self, facts: ModelFacts) -> Space | None:
        """None, unless the backend declares more builds than a run starts with."""
        del facts
        return None

    def mixture(self, facts: ModelFacts) -> Mixture | None:
        """None, unless the backend can give tensors types of their own."""
        del facts
        return None

    def accelerations(self, recipe: Recipe) -> tuple[Mapping[str, Option], ...]:
        """None, unless the backend knows some."""
        del recipe
        return ()


def load_types(folder: Path) -> tuple[WeightType, ...]:
    """The types that single tensors can have, from the backend's ``types.toml``."""
    table = tomllib.loads((folder / "types.toml").read_text(encoding="utf-8"))
    return tuple(from_plain(WeightType, row) for row in table["types"])


def load_space(folder: Path, framework: str) -> Space:
    """The builds that a backend's ``space.toml`` declares.

    Raises:
        InputError: a key is missing, unknown or of the wrong type.
    """
    table = tomllib.loads((folder / "space.toml").read_text(encoding="utf-8"))
    bits = float(table["unquantized_bits"])
    return Space(
        start=tuple(table["start"]),
        unquantized=Storage(bits=bits, rounding_bits=bits, copies=int(table.get("copies", 1))),
        candidates=candidates(framework, [from_plain(Family, row) for row in table["families"]]),
        accelerations=tuple(from_plain(Acceleration, row) for row in table.get("accelerations", ())),
        memory_per_byte=float(table.get("memory_per_byte", 1.0)),
    )


def load_server(folder: Path) -> Server | None:
    """The runtime's own server, from the backend's ``server.toml``; None without one.

    Raises:
        InputError: a key is missing, unknown or of the wrong type.
    """
    file = folder / "server.toml"
    return from_plain(Server, tomllib.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def load_toolchain(folder: Path) -> ToolchainSpec:
    """The toolchain of the backend in ``folder``; its digests cover the locks and everything that is declared.

    ``run.lock`` has to be there. ``build.lock`` is there with a table ``[build]`` where building needs more than running
    does, ``compile.lock`` where something is compiled, and ``native.cmake`` where that needs CMake code of ours.

    Raises:
        InputError: a lock is missing, or a key is missing, unknown or of the wrong type.
    """
    declared = tomllib.loads((folder / "toolchain.toml").read_text(encoding="utf-8"))
    build = declared.pop("build", None)
    run_lock, build_lock, compile_lock = (_lock(folder, name) for name in ("run", "build", "compile"))
    if not run_lock:
        raise InputError(
            f"{folder} has no run.lock.",
            hint="Create it with the packages that a session of the framework needs.",
        )
    if bool(build_lock) != (build is not None):
        raise InputError(
            f"{folder} has only one of build.lock and the table [build] in toolchain.toml.",
            hint="Add the other, or remove both if building needs no more packages than running.",
        )
    if (include := folder / "native.cmake").exists():
        declared["native"]["include"] = include.read_text(encoding="utf-8")
    seen = [declared, content(run_lock), content(compile_lock)]
    kept = {**declared, "lock": run_lock, "compile_lock": compile_lock, "digest": digest(seen)}
    run = from_plain(ToolchainSpec, kept)
    if build is None:
        return run
    size = from_plain(_BuildSize, build)
    return replace(
        run,
        makes=replace(
            run,
            half=Half.BUILD,
            title=f"{run.title}, build half",
            digest=digest([*seen, build, content(build_lock)]),
            lock=build_lock,
            compile_lock="",
            native=None,
            disk_bytes=size.disk_bytes,
            install_minutes=size.install_minutes,
            needs=run,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _BuildSize:
    """What the table ``[build]`` says: what to expect of a build half beyond the run half below it."""

    disk_bytes: int
    install_minutes: float


def _lock(folder: Path, name: str) -> str:
    """The text of a lock; empty where there is none."""
    file = folder / f"{name}.lock"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def code_digest(*folders: Path) -> str:
    """SHA-256 of a backend's code and tables and of what all sessions share (its toolchain has a digest of its own)."""
    total = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.suffix in {".py", ".toml", ".json"} and file.name != "toolchain.toml":
                total.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
