"""A toolchain: what one framework needs, as its ``toolchain.toml`` and its locks declare it.

It has up to two halves. The run half runs builds, and is all that a device or an image needs. The build half makes them; it
is a second environment on top of the run half, and sees the packages of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edgewright.errors import EdgewrightError, IntegrityError, OfflineError, ResourceError, ToolchainError


class Half(StrEnum):
    """The halves of a toolchain. A framework that makes builds with what runs them has a run half only."""

    RUN = "run"
    BUILD = "build"


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

    ``distribution`` is a pinned source distribution whose ``source_dir`` holds the CMake project. ``include`` is CMake code
    that is run in that project, where there is some.
    """

    distribution: str
    sha256: str
    source_dir: str
    cmake_options: tuple[str, ...]
    targets: tuple[str, ...]
    binding_env: Mapping[str, str]
    minutes_on_two_cores: float
    disk_bytes: int
    include: str = ""


@dataclass(frozen=True, kw_only=True)
class ToolchainSpec:
    """One half of a toolchain: what it is made of, where it can be made, what to expect of making it.

    ``lock`` is the text of the committed requirements, each with its version and the SHA-256 of its files. ``compile_lock``
    is the same for what packages without wheels and the native sources are compiled with; it is gone once they are.
    ``digest`` names locks and recipe, and so the environment's place on disk; a build half's covers its run half too.
    A run half knows the half that ``makes`` builds on top of it, and a build half the one that it ``needs`` below it.
    ``used_by`` is set where the environment is optional: the command that needs it.
    """

    name: str
    title: str
    digest: str
    half: Half = Half.RUN
    lock: str
    compile_lock: str = ""
    supports: tuple[SystemSupport, ...]
    unsupported_reason: str
    environment: Mapping[str, str] = field(default_factory=dict)
    disk_bytes: int
    install_minutes: float
    worker: str
    native: NativeBuild | None = None
    used_by: str = ""
    makes: ToolchainSpec | None = None
    needs: ToolchainSpec | None = None

    @property
    def full_name(self) -> str:
        """The toolchain's name; of a build half with its half behind it."""
        return self.name if self.half is Half.RUN else f"{self.name}-{self.half}"

    @property
    def builder(self) -> ToolchainSpec:
        """The half that makes builds: this one, where there is no other."""
        return self.makes or self

    @property
    def halves(self) -> tuple[ToolchainSpec, ...]:
        """This half, and the one on top of it where there is one."""
        return (self, self.makes) if self.makes else (self,)

    def of(self, half: Half) -> ToolchainSpec:
        """The half that a job needs."""
        return self.builder if half is Half.BUILD else self


class Obstacle(StrEnum):
    """What, other than the toolchain itself, stands between it and being ready."""

    NETWORK = "network"  # needed, and not there or not allowed
    RESOURCE = "resource"  # disk, memory or permission ran out
    INTEGRITY = "integrity"  # what was fetched is not what is pinned


@dataclass(frozen=True, kw_only=True)
class ToolchainState:
    """A toolchain on this host. ``ready`` is false with a reason: not installed, not supported, or broken.

    ``obstacle`` is the kind of that reason, if it lies outside the toolchain. ``devices`` are those that the framework itself reported.
    ``unchecked`` names the parts that have no hash to check.
    """

    name: str
    title: str = ""
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
    unchecked: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    used_by: str = ""


def unavailable(state: ToolchainState) -> EdgewrightError:
    """A toolchain that is not ready, as the error that a user sees."""
    kinds: dict[Obstacle, type[EdgewrightError]] = {
        Obstacle.NETWORK: OfflineError,
        Obstacle.RESOURCE: ResourceError,
        Obstacle.INTEGRITY: IntegrityError,
    }
    kind = kinds[state.obstacle] if state.obstacle else ToolchainError
    return kind(f"{state.title or state.name}: {state.reason.rstrip('.')}.", hint=state.hint)
