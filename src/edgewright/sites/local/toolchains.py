"""Toolchain environments on this host: found, installed once, verified, removed.

Law: a directory that has its final name is whole and passed its smoke job. Each attempt works in a hidden directory of
its own beside it, renamed last; a second installer waits for the first; what a killed one left is removed by the next.
The halves of a toolchain are directories of their own under one lock; a build half is ready only if its run half is.
"""

from __future__ import annotations

import errno
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from edgewright.codec import dump, load
from edgewright.core.device.toolchain import Obstacle, SystemSupport, ToolchainSpec, ToolchainState
from edgewright.core.jobs.requests import SmokeJob
from edgewright.core.jobs.results import Failure, FailureKind, Progress, SmokeResult
from edgewright.errors import (
    EdgewrightError,
    InputError,
    IntegrityError,
    OfflineError,
    ResourceError,
    ToolchainError,
)
from edgewright.ports import Tell
from edgewright.sites.local.begun import Begun
from edgewright.sites.local.behind import CURRENT
from edgewright.sites.local.drafts import drafts_of, new_draft, sweep
from edgewright.sites.local.home import Home
from edgewright.sites.local.install import install
from edgewright.sites.local.locks import held
from edgewright.sites.local.native import foreign_tools, missing_tools
from edgewright.sites.local.runner import run_in
from edgewright.sites.local.turns import Turns
from edgewright.sites.local.venv import python_of

_STATE = "toolchain.json"
_SMOKE_TIMEOUT_S = 300.0
_OUT_OF = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}


class LocalToolchains:
    """The `Toolchains` of this machine, below the cache home."""

    def __init__(self, home: Home, *, offline: bool = False, turns: Turns | None = None) -> None:
        self._home = home
        self._offline = offline
        self._turns = turns or Turns()
        self._begun = Begun(self._turns)

    def place(self, spec: ToolchainSpec) -> Path:
        """Where a half of a toolchain lies once it is whole."""
        return self._home.toolchains / f"{spec.full_name}-{spec.digest[:12]}"

    def state(self, spec: ToolchainSpec) -> ToolchainState:
        """What there is of a half of a toolchain, without changing anything."""
        state = self._own_state(spec)
        if spec.needs is None or not state.installed:
            return state
        below = self.state(spec.needs)
        if not below.ready:
            return replace(
                state, ready=False, reason=f"its run half is not ready: {below.reason}", hint=below.hint
            )
        return replace(state, environment={**below.environment, **state.environment})

    def _own_state(self, spec: ToolchainSpec) -> ToolchainState:
        missing = ToolchainState(
            name=spec.full_name,
            title=spec.title,
            ready=False,
            supported=True,
            installed=False,
            digest=spec.digest,
            used_by=spec.used_by,
        )
        if supported(spec) is None:
            reason = f"not supported on {platform.system()} {platform.machine()}: {spec.unsupported_reason}"
            return replace(missing, supported=False, digest="", reason=reason)
        missing = replace(missing, hint=f"Run: edgewright toolchain install {spec.name}")
        place = self.place(spec)
        if not (place / _STATE).exists():
            return replace(missing, reason="not installed")
        try:
            state = _moved(load(ToolchainState, (place / _STATE).read_bytes()), place)
        except InputError as error:
            hint = f"Run: edgewright toolchain remove {spec.name}"
            return replace(missing, installed=True, reason=str(error), hint=hint)
        if not python_of(place).exists():
            return replace(
                missing, reason="the Python it was created with no longer exists, perhaps after an upgrade"
            )
        if gone := missing_tools(state.environment):
            return replace(missing, reason=f"its tools in {gone} no longer exist")
        return state

    def ensure(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Install unless installed, the half below first; a failure is a state with its reason, and is not remembered."""
        begun = None if CURRENT.get() else self._begun.take(spec)
        if begun is not None:
            return begun.result()
        state = self.state(spec)
        if state.ready or not state.supported:
            return state
        if spec.needs and not (below := self.ensure(spec.needs, tell)).ready:
            return replace(
                self._own_state(spec), reason=below.reason, hint=below.hint, obstacle=below.obstacle
            )
        if self._offline:
            reason = "not installed, and --offline forbids installing"
            hint = f"Run once with a network: edgewright toolchain install {spec.name}"
            return replace(state, reason=reason, hint=hint, obstacle=Obstacle.NETWORK)
        try:
            with self._alone(spec, tell):
                state = self.state(spec)  # another installer may have finished meanwhile
                return state if state.ready else self._install(spec, tell)
        except EdgewrightError as error:
            obstacle = _obstacle(error)
            return replace(self.state(spec), reason=error.message, hint=error.hint, obstacle=obstacle)
        except OSError as error:
            obstacle = Obstacle.RESOURCE if error.errno in _OUT_OF else None
            return replace(self.state(spec), reason=f"cannot be installed: {error}", obstacle=obstacle)

    def ahead(self, specs: Sequence[ToolchainSpec], tell: Tell) -> AbstractContextManager[None]:
        """See `Toolchains.ahead`."""
        able = [spec for spec in specs if self._can_begin(spec)]
        return self._begun.running(able, partial(self.ensure, tell=tell), tell)

    def _can_begin(self, spec: ToolchainSpec) -> bool:
        state = self.state(spec)
        return state.supported and not state.ready and not self._offline

    @contextmanager
    def _alone(self, spec: ToolchainSpec, tell: Tell) -> Iterator[None]:
        folder = self._home.make(self._home.toolchains)
        with held(folder / f".{spec.name}.lock", tell, f"another edgewright that changes {spec.name}"):
            yield

    def _install(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        name = self._home.toolchains / spec.name
        sweep(name)
        draft = new_draft(name)
        try:
            self._check_space(spec)
            below = self.state(spec.needs) if spec.needs else None
            native = install(
                spec,
                draft,
                self._home,
                tell,
                lambda extra: self._smoke(spec, draft, {**spec.environment, **extra}, tell),
                below=Path(below.path) if below else None,
            )
            environment = {**spec.environment, **native}
            smoke = self._smoke(
                spec, draft, {**below.environment, **environment} if below else environment, tell
            )
            place = self.place(spec)
            state = ToolchainState(
                name=spec.full_name,
                title=spec.title,
                ready=True,
                supported=True,
                installed=True,
                path=str(draft),
                digest=spec.digest,
                size_bytes=_size(draft),
                verified_on_this_system=_verified(spec),
                versions=smoke.versions,
                devices=smoke.devices,
                unchecked=foreign_tools(environment, draft),
                environment=environment,
                used_by=spec.used_by,
            )
            state = _moved(state, place)
            (draft / _STATE).write_bytes(dump(state, indent=2))
            if place.exists():  # a dead one; renamed first, because what has the final name is whole
                place.rename(new_draft(name))
            draft.rename(place)
            return state
        finally:
            sweep(name)

    def _check_space(self, spec: ToolchainSpec) -> None:
        free = shutil.disk_usage(self._home.toolchains).free
        need = spec.disk_bytes + (spec.native.disk_bytes if spec.native else 0)
        if free < need:
            raise ResourceError(
                f"{need / 1e9:.1f} GB are needed at {self._home.toolchains}, {free / 1e9:.1f} GB are free.",
                hint="Free space or set EDGEWRIGHT_HOME.",
            )

    def _smoke(
        self, spec: ToolchainSpec, root: Path, environment: Mapping[str, str], tell: Tell
    ) -> SmokeResult:
        tell(Progress(message=f"{spec.title}: checking with a smoke job"))
        scratch = root / "smoke"
        scratch.mkdir(exist_ok=True)
        job = SmokeJob(worker=spec.worker, scratch=str(scratch), half=spec.half)
        log = self._home.root / "logs" / f"toolchain-{spec.full_name}-smoke.log"
        turn = partial(self._turns.take, alone=CURRENT.get() is None)
        result = run_in(root, environment, job, turn=turn, log=log, tell=tell, timeout_s=_SMOKE_TIMEOUT_S)
        _remove(scratch)
        if isinstance(result, Failure):
            kind = ResourceError if result.failure is FailureKind.RESOURCE else ToolchainError
            raise kind(f"its smoke job failed: {result.reason}", hint=f"The log is {result.log or log}.")
        if not isinstance(result, SmokeResult):
            raise ToolchainError("its smoke job sent an unexpected answer.")
        return result

    def verify(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Run the smoke job of an installed half again; the state says what it found."""
        state = self.state(spec)
        if not state.ready:
            return state
        try:
            smoke = self._smoke(spec, Path(state.path), state.environment, tell)
        except EdgewrightError as error:
            mend = f"Run: edgewright toolchain remove {spec.name} && edgewright toolchain install {spec.name}"
            hint = f"{error.hint} {mend}".strip()
            return replace(state, ready=False, reason=error.message, hint=hint, obstacle=_obstacle(error))
        return replace(state, versions=smoke.versions, devices=smoke.devices)

    def remove(self, spec: ToolchainSpec, tell: Tell) -> int:
        """Delete every version of a toolchain, both halves, half-made ones too; the bytes that this freed."""
        if not self._home.toolchains.is_dir():
            return 0
        freed = 0
        name = self._home.toolchains / spec.name
        with self._alone(spec, tell):
            for whole in self._home.toolchains.glob(f"{spec.name}-*"):
                whole.rename(new_draft(name))  # renamed first: a directory that has its final name is whole
            for doomed in drafts_of(name):
                freed += _size(doomed)
                _remove(doomed)
        return freed


def supported(spec: ToolchainSpec) -> SystemSupport | None:
    """The declaration that covers this host, if any."""
    system, machine = platform.system(), platform.machine()
    for support in spec.supports:
        if support.system == system and support.machine in {"*", machine}:
            return support
    return None


def _verified(spec: ToolchainSpec) -> bool:
    support = supported(spec)
    return support is not None and support.verified


def _obstacle(error: EdgewrightError) -> Obstacle | None:
    match error:
        case OfflineError():
            return Obstacle.NETWORK
        case ResourceError():
            return Obstacle.RESOURCE
        case IntegrityError():
            return Obstacle.INTEGRITY
        case _:
            return None


def _moved(state: ToolchainState, place: Path) -> ToolchainState:
    """The state as it is at ``place``, wherever it was recorded: the home may have been moved since."""
    environment = {
        name: value.replace(state.path, str(place)) if state.path else value
        for name, value in state.environment.items()
    }
    return replace(state, path=str(place), environment=environment)


def _size(path: Path) -> int:
    return sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
