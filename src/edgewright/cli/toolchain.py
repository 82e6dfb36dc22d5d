"""``edgewright toolchain list|install|verify|remove``."""

from __future__ import annotations

import click

from edgewright.cli.options import json_option, offline_option, stacked
from edgewright.core.device.toolchain import ToolchainState

names_argument = click.argument("names", nargs=-1, metavar="[NAME]...")


@click.group("toolchain")
def command() -> None:
    """List, install, verify and remove the frameworks' environments."""


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """Both halves of every toolchain: ready or not, versions, size, and why not."""
    from edgewright.api import toolchains

    _show(toolchains(), as_json=as_json)


@command.command("install")
@names_argument
@click.option(
    "--run-only", is_flag=True, help="Install what running builds needs, and not what making them needs."
)
@stacked(offline_option, json_option)
def install(*, names: tuple[str, ...], run_only: bool, offline: bool, as_json: bool) -> None:
    """Install toolchains (of all frameworks that this system supports, if none is named)."""
    from edgewright.api import install_toolchains
    from edgewright.cli.progress import TerminalReporter

    with TerminalReporter() as reporter:
        states = install_toolchains(names, run_only=run_only, offline=offline, reporter=reporter)
    _show(states, as_json=as_json)
    _demand(states, names)


@command.command("verify")
@names_argument
@json_option
def verify(*, names: tuple[str, ...], as_json: bool) -> None:
    """Run each toolchain's smoke job: import the framework and compute something with it."""
    from edgewright.api import verify_toolchains
    from edgewright.cli.progress import TerminalReporter

    with TerminalReporter() as reporter:
        states = verify_toolchains(names, reporter=reporter)
    _show(states, as_json=as_json)
    _demand(states, names)


@command.command("remove")
@names_argument
def remove(*, names: tuple[str, ...]) -> None:
    """Delete toolchains; they are installed again when they are needed."""
    from edgewright.api import remove_toolchains
    from edgewright.cli.progress import TerminalReporter
    from edgewright.core.measurement.quantity import size

    with TerminalReporter() as reporter:
        freed = remove_toolchains(names, reporter=reporter)
    for name, size_bytes in freed.items():
        click.echo(f"{name}: {size(size_bytes)} freed")


def _demand(states: tuple[ToolchainState, ...], names: tuple[str, ...]) -> None:
    from edgewright.app.intake.sources import unavailable

    failed = [state for state in states if not state.ready and (state.supported or names)]
    if failed:
        raise unavailable(failed[0].name, failed[0])


def _show(states: tuple[ToolchainState, ...], *, as_json: bool) -> None:
    from edgewright.cli.output import console, print_json
    from edgewright.report.terminal import show_toolchains

    if as_json:
        print_json(states)
    else:
        show_toolchains(console(), states)
