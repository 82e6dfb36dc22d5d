"""A toolchain: the environment one framework needs, as its ``toolchain.toml`` declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class SystemSupport:
    """One system a toolchain supports: ``system`` and ``machine`` as `platform` spells them ("*": any)."""

    system: str
    machine: str = "*"
    verified: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class NativeBuild:
    """Sources to compile after the environment is made.

    ``distribution`` is a pinned source distribution whose ``source_dir`` holds the CMake project.
    """

    distribution: str
    sha256: str
    source_dir: str
    cmake_options: tuple[str, ...]
    targets: tuple[str, ...]
    binding_env: Mapping[str, str]
    minutes_on_two_cores: float
    disk_bytes: int


@dataclass(frozen=True, kw_only=True)
class ToolchainSpec:
    """An environment: what it is made of, where it can be made, what to expect of making it.

    ``lock`` is the text of the committed, fully pinned requirements; ``digest`` names lock and recipe, and so the
    environment's place on disk. ``with_dependencies`` are installed with their own dependencies under the lock as
    constraints, because their wheels differ by index (torch); all else is installed exactly as locked. ``used_by`` is
    set where the environment is optional: the command that needs it.
    """

    name: str
    title: str
    digest: str
    lock: str
    supports: tuple[SystemSupport, ...]
    unsupported_reason: str
    with_dependencies: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    disk_bytes: int
    install_minutes: float
    worker: str
    native: NativeBuild | None = None
    used_by: str = ""


class Obstacle(StrEnum):
    """What, other than the toolchain itself, stands between it and being ready."""

    NETWORK = "network"  # needed, and not there or not allowed
    RESOURCE = "resource"  # disk, memory or permission ran out
    INTEGRITY = "integrity"  # what was fetched is not what is pinned


@dataclass(frozen=True, kw_only=True)
class ToolchainState:
    """A toolchain on this host. ``ready`` is false with a reason: not installed, not supported, or broken.

    ``obstacle`` is the kind of that reason, if it lies outside the toolchain. ``devices`` are those that the framework itself reported.
    """

    name: str
    ready: bool
    supported: bool
    installed: bool
    reason: str = ""
    hint: str = ""
    obstacle: Obstacle | None = None
    path: str = ""
    digest: str = ""
    size_bytes: int = 0
    verified_on_this_system: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    used_by: str = ""
