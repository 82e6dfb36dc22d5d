"""``edgewright toolchain list|install|verify|remove``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from edgewright.cli.options import json_option, offline_option, stacked
from edgewright.core.toolchain import ToolchainSpec, ToolchainState
from edgewright.ports import Tell

if TYPE_CHECKING:
    from edgewright.wiring import Wiring

Act = Callable[[ToolchainSpec, Tell], ToolchainState]
names_argument = click.argument("names", nargs=-1, metavar="[NAME]...")


@click.group("toolchain")
def command() -> None:
    """List, install, verify and remove the frameworks' environments."""


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """Every toolchain: ready or not, versions, size, and why not."""
    from edgewright.wiring import Wiring

    wiring = Wiring()
    every = {**wiring.specs, **wiring.optional}
    _show(tuple(wiring.toolchains.state(spec) for spec in every.values()), as_json=as_json)


@command.command("install")
@names_argument
@stacked(offline_option, json_option)
def install(*, names: tuple[str, ...], offline: bool, as_json: bool) -> None:
    """Install toolchains (of all frameworks that this system supports, if none is named)."""
    from edgewright.wiring import Wiring

    wiring = Wiring(offline)
    _each(wiring, names, wiring.toolchains.ensure, "installing", as_json=as_json)


@command.command("verify")
@names_argument
@json_option
def verify(*, names: tuple[str, ...], as_json: bool) -> None:
    """Run each toolchain's smoke job: import the framework and compute something with it."""
    from edgewright.wiring import Wiring

    wiring = Wiring()
    every = {**wiring.specs, **wiring.optional}
    installed = tuple(name for name, spec in every.items() if wiring.toolchains.state(spec).installed)
    _each(wiring, names or installed, wiring.toolchains.verify, "verifying", as_json=as_json)


@command.command("remove")
@names_argument
def remove(*, names: tuple[str, ...]) -> None:
    """Delete toolchains; they are installed again when they are needed."""
    from edgewright.cli.progress import TerminalReporter
    from edgewright.core.quantity import size
    from edgewright.errors import UsageError
    from edgewright.wiring import Wiring

    wiring = Wiring()
    if not names:
        known = ", ".join([*wiring.specs, *wiring.optional])
        raise UsageError("Say which toolchains to remove.", hint=f"Known: {known}.")
    chosen = [wiring.spec(name) for name in names]
    with TerminalReporter() as reporter:
        for spec in chosen:
            reporter.phase(f"removing {spec.name}")
            freed = wiring.toolchains.remove(spec, reporter.tell)
            click.echo(f"{spec.name}: {size(freed)} freed")


def _each(wiring: Wiring, names: tuple[str, ...], act: Act, doing: str, *, as_json: bool) -> None:
    from edgewright.api.intake import unavailable
    from edgewright.cli.progress import TerminalReporter

    chosen = [wiring.spec(name) for name in names or wiring.specs]
    states = []
    with TerminalReporter() as reporter:
        for spec in chosen:
            reporter.phase(f"{doing} {spec.name}")
            states.append(act(spec, reporter.tell))
    _show(tuple(states), as_json=as_json)
    failed = [state for state in states if not state.ready and (state.supported or names)]
    if failed:
        raise unavailable(wiring.spec(failed[0].name), failed[0])


def _show(states: tuple[ToolchainState, ...], *, as_json: bool) -> None:
    from edgewright.cli.output import console, print_json
    from edgewright.report.terminal import show_toolchains

    if as_json:
        print_json(states)
    else:
        show_toolchains(console(), states)
