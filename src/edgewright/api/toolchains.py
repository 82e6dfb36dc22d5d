"""Toolchains: the frameworks' environments on this machine."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.api.calling import context_of
from edgewright.app import toolchains as managing
from edgewright.core.device.toolchain import ToolchainState
from edgewright.environment import Environment
from edgewright.ports import Reporter

_LOGS = "toolchain"


def toolchains(*, environment: Environment | None = None) -> tuple[ToolchainState, ...]:
    """What there is of every toolchain: ready or not, versions, size, and why not."""
    return managing.states(context_of(_LOGS, environment, None, offline=True))


def install_toolchains(
    names: Sequence[str] = (),
    *,
    run_only: bool = False,
    environment: Environment | None = None,
    reporter: Reporter | None = None,
    offline: bool = False,
) -> tuple[ToolchainState, ...]:
    """Install toolchains by name, or those of all frameworks that this system supports.

    With ``run_only`` only what running builds needs, and not what making them needs.

    Returns:
        The state of each half; one that could not be installed says why.

    Raises:
        UsageError: there is none of that name.
    """
    return managing.install(
        context_of(_LOGS, environment, reporter, offline=offline), names, run_only=run_only
    )


def verify_toolchains(
    names: Sequence[str] = (), *, environment: Environment | None = None, reporter: Reporter | None = None
) -> tuple[ToolchainState, ...]:
    """Import each toolchain's framework and compute something with it; all that are installed, if none is named.

    Returns:
        The state of each.

    Raises:
        UsageError: there is none of that name.
    """
    return managing.verify(context_of(_LOGS, environment, reporter, offline=True), names)


def remove_toolchains(
    names: Sequence[str], *, environment: Environment | None = None, reporter: Reporter | None = None
) -> dict[str, int]:
    """Delete toolchains by name; they are installed again when they are needed.

    Returns:
        Bytes freed, by name.

    Raises:
        UsageError: no name was given, or there is none of that name.
    """
    return managing.remove(context_of(_LOGS, environment, reporter, offline=True), names)
