"""Toolchain environments on this host: found, installed once, verified, removed.

Law: a directory that has its final name is whole and passed its smoke job. Everything is made in a hidden directory
beside it and renamed last; a second installer waits for the first; what a killed one left is removed by the next.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edgewright.codec import dump, load
from edgewright.core.jobs import Failure, Progress, SmokeJob, SmokeResult
from edgewright.core.toolchain import SystemSupport, ToolchainSpec, ToolchainState
from edgewright.errors import EdgewrightError, InputError, OfflineError
from edgewright.ports import Tell
from edgewright.runtime.home import Home
from edgewright.runtime.install import install
from edgewright.runtime.locks import held
from edgewright.runtime.native import missing_tools
from edgewright.runtime.runner import run_in

_STATE = "toolchain.json"
_SMOKE_TIMEOUT_S = 300.0


class LocalToolchains:
    """The `Toolchains` of this machine, below the cache home."""

    def __init__(self, home: Home, *, offline: bool = False) -> None:
        self._home = home
        self._offline = offline

    def place(self, spec: ToolchainSpec) -> Path:
        """Where a toolchain lies once it is whole."""
        return self._home.toolchains / f"{spec.name}-{spec.digest[:12]}"

    def state(self, spec: ToolchainSpec) -> ToolchainState:
        """What there is of a toolchain, without changing anything."""
        support = supported(spec)
        if support is None:
            reason = f"not supported on {platform.system()} {platform.machine()}: {spec.unsupported_reason}"
            return ToolchainState(
                name=spec.name, ready=False, supported=False, installed=False, reason=reason
            )
        written = self.place(spec) / _STATE
        if not written.exists():
            return ToolchainState(
                name=spec.name,
                ready=False,
                supported=True,
                installed=False,
                reason="not installed",
                hint=f"Run: edgewright toolchain install {spec.name}",
                digest=spec.digest,
            )
        try:
            state = load(ToolchainState, written.read_bytes())
            gone = missing_tools(state.environment)
            if not gone:
                return state
            return replace(state, ready=False, installed=False, reason=f"its tools in {gone} are gone")
        except InputError as error:
            broken = ToolchainState(
                name=spec.name, ready=False, supported=True, installed=True, reason=str(error)
            )
            return replace(broken, hint=f"Run: edgewright toolchain remove {spec.name}")

    def ensure(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Install unless installed; a failure is a state with its reason, and is not remembered."""
        state = self.state(spec)
        if state.ready or not state.supported:
            return state
        if self._offline:
            reason = "not installed, and --offline forbids installing"
            hint = f"Run once with a network: edgewright toolchain install {spec.name}"
            return replace(state, reason=reason, hint=hint, needs_network=True)
        try:
            self._home.make(self._home.toolchains)
            with held(self._home.toolchains / f".{spec.name}.lock", tell, f"another install of {spec.name}"):
                state = self.state(spec)  # another installer may have finished meanwhile
                return state if state.ready else self._install(spec, tell)
        except (EdgewrightError, OSError) as error:
            hint = error.hint if isinstance(error, EdgewrightError) else ""
            text = error.message if isinstance(error, EdgewrightError) else f"cannot be installed: {error}"
            return replace(
                self.state(spec), reason=text, hint=hint, needs_network=isinstance(error, OfflineError)
            )

    def _install(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        draft = self._home.toolchains / f".{spec.name}.draft"
        _remove(draft)
        try:
            self._check_space(spec)
            native = install(
                spec,
                draft,
                self._home,
                tell,
                lambda extra: self._smoke(spec, draft, {**spec.environment, **extra}, tell),
            )
            environment = {**spec.environment, **native}
            smoke = self._smoke(spec, draft, environment, tell)
            place = self.place(spec)
            state = ToolchainState(
                name=spec.name,
                ready=True,
                supported=True,
                installed=True,
                path=str(place),
                digest=spec.digest,
                size_bytes=_size(draft),
                verified_on_this_system=_verified(spec),
                versions=smoke.versions,
                devices=smoke.devices,
                environment=_moved(environment, draft, place),
            )
            (draft / _STATE).write_bytes(dump(state, indent=2))
            _remove(place)
            draft.rename(place)
            return state
        finally:
            _remove(draft)

    def _check_space(self, spec: ToolchainSpec) -> None:
        free = shutil.disk_usage(self._home.toolchains).free
        need = spec.disk_bytes + (spec.native.disk_bytes if spec.native else 0)
        if free < need:
            raise OSError(
                f"{need / 1e9:.1f} GB are needed at {self._home.toolchains}, {free / 1e9:.1f} GB are free"
            )

    def _smoke(
        self, spec: ToolchainSpec, root: Path, environment: Mapping[str, str], tell: Tell
    ) -> SmokeResult:
        tell(Progress(message=f"{spec.title}: checking with a smoke job"))
        scratch = root / "smoke"
        scratch.mkdir(exist_ok=True)
        job = SmokeJob(worker=spec.worker, scratch=str(scratch))
        log = self._home.root / "logs" / f"toolchain-{spec.name}-smoke.log"
        result = run_in(root, environment, job, log=log, tell=tell, timeout_s=_SMOKE_TIMEOUT_S)
        _remove(scratch)
        if isinstance(result, Failure):
            raise InputError(
                f"its smoke job failed: {result.reason}", hint=f"The log is {result.log or log}."
            )
        if not isinstance(result, SmokeResult):
            raise InputError("its smoke job answered with something else.")
        return result

    def verify(self, spec: ToolchainSpec, tell: Tell) -> ToolchainState:
        """Run the smoke job of an installed toolchain again; the state says what it found."""
        state = self.state(spec)
        if not state.ready:
            return state
        try:
            smoke = self._smoke(spec, Path(state.path), state.environment, tell)
        except EdgewrightError as error:
            mend = f"Run: edgewright toolchain remove {spec.name} && edgewright toolchain install {spec.name}"
            return replace(state, ready=False, reason=error.message, hint=f"{error.hint} {mend}".strip())
        return replace(state, versions=smoke.versions, devices=smoke.devices)

    def remove(self, spec: ToolchainSpec) -> int:
        """Delete every version of a toolchain, half-made ones too; the bytes that this freed."""
        freed = 0
        if not self._home.toolchains.is_dir():
            return freed
        for path in [
            *self._home.toolchains.glob(f"{spec.name}-*"),
            self._home.toolchains / f".{spec.name}.draft",
        ]:
            if path.is_dir():
                freed += _size(path)
                # Renamed first: a directory that has its final name is whole.
                doomed = path.with_name(f".{spec.name}.removed")
                _remove(doomed)
                path.rename(doomed)
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


def _moved(environment: Mapping[str, str], draft: Path, place: Path) -> dict[str, str]:
    return {name: value.replace(str(draft), str(place)) for name, value in environment.items()}


def _size(path: Path) -> int:
    return sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
