"""Installs that were begun before they are needed, in threads behind the run's own work (`behind`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from edgewright.core.device.toolchain import ToolchainSpec, ToolchainState
from edgewright.ports import Tell
from edgewright.sites.local.behind import CURRENT
from edgewright.sites.local.turns import Turns

_AT_ONCE = 2
_PATIENCE_S = 0.2

Install = Callable[[ToolchainSpec], ToolchainState]


class Begun:
    """The installs that run or wait, by the digest of their toolchain."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._installs: dict[str, Future[ToolchainState]] = {}

    def take(self, spec: ToolchainSpec) -> Future[ToolchainState] | None:
        """The install of a toolchain, if one was begun; whoever takes it waits for it."""
        return self._installs.pop(spec.digest, None)

    @contextmanager
    def running(self, specs: Sequence[ToolchainSpec], install: Install, tell: Tell) -> Iterator[None]:
        """Begin these; those that are not finished when the block ends are given up."""

        def behind(spec: ToolchainSpec) -> ToolchainState:
            CURRENT.set(self._turns.behind)
            with self._turns.hold(tell):
                return install(spec)

        missing = [spec for spec in specs if spec.digest not in self._installs]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="toolchains") as pool:
            begun = {spec.digest: pool.submit(behind, spec) for spec in missing}
            self._installs |= begun
            try:
                yield
            finally:
                for name in begun:
                    self._installs.pop(name, None)
                self._give_up(list(begun.values()))

    def _give_up(self, begun: Sequence[Future[ToolchainState]]) -> None:
        left = {future for future in begun if not future.cancel()}
        while left:
            left = wait(left, timeout=0.0).not_done
            if left:
                self._turns.behind.end()
                left = wait(left, timeout=_PATIENCE_S).not_done
