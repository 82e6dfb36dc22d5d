"""The command ``edgewright``: finds the sub-command, and turns every failure into one sentence and an exit code."""

from __future__ import annotations

import importlib
import sys
import traceback
from typing import Any

import click

from edgewright import __version__
from edgewright.cli import interrupts
from edgewright.cli.old_spellings import respelled
from edgewright.errors import EXIT_INTERRUPTED, EdgewrightError, UsageError
from edgewright.report.sentences import sentences

GROUPS = {
    "Start": {
        "demo": "Optimize SmolLM2-135M for this machine.",
        "doctor": "Check this machine: hardware, readiness to measure, toolchains.",
        "assess": "Show which frameworks can build a model for a target. Nothing is built.",
    },
    "Build and choose": {
        "optimize": "Build a model in every framework, measure the builds, recommend one.",
        "show": "Show a finished run.",
        "pick": "Choose again in a finished run, with other gates or preferences.",
    },
    "Measure": {
        "evaluate": "Measure the accuracy of a model or build: text, tasks or lm-evaluation-harness.",
        "benchmark": "Compare the speed of several builds in interleaved rounds.",
        "ab": "Compare two builds on one metric.",
        "profile": "Show where a build spends time, what limits it, and what to change.",
        "sensitivity": "Measure the loss from quantizing each group of tensors.",
    },
    "Run": {
        "generate": "Continue a text with a build or a model.",
    },
    "Ship": {
        "package": "Package a build for a registry, or for a program that reads its format.",
        "pull": "Fetch a build from a registry, and check every file.",
    },
    "Maintain": {
        "toolchain": "List, install, verify and remove the environments of the frameworks.",
    },
}
COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}
_LONGEST = 4000
"""Characters of a failure's message."""


class LazyGroup(click.Group):
    """Imports a command when it is asked for, so that ``--help`` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"edgewright.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        del ctx
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(*, debug: bool) -> None:
    """Build a trained model for a device with several frameworks, measure the builds, and recommend one."""
    del debug  # read in `main`, before parsing can fail


def main() -> None:
    """Run the command line; the process's exit status is the error's own."""
    interrupts.listen()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit status of a command line."""
    debug = "--debug" in arguments
    arguments, warnings = respelled(arguments)
    for warning in warnings:
        click.echo(f"edgewright: {warning} The old spelling still works.", err=True)
    try:
        status: Any = cli.main(args=arguments, prog_name="edgewright", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return UsageError.exit_code
    except EdgewrightError as error:
        return _failed(error, error.exit_code, debug=debug)
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001  # the last boundary before a user
        hint = "" if debug else "Run `edgewright --debug ...` with the same arguments to see the traceback."
        wrapped = EdgewrightError(f"Unexpected {type(error).__name__}: {error}", hint=hint)
        return _failed(wrapped, EdgewrightError.exit_code, debug=debug)
    return status if isinstance(status, int) else 0


def _failed(error: EdgewrightError, status: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    if interrupts.heard():
        return _interrupted()
    told = f"{error.message.rstrip('.')}: {sentences(error.because)}." if error.because else error.message
    click.echo(f"edgewright: {_bounded(f'{told} {error.hint}'.strip())}", err=True)
    return status


def _bounded(text: str) -> str:
    """The text as every terminal can write it, and no longer than one reads: names in it come from outside."""
    plain = text.encode("utf-8", errors="backslashreplace").decode()
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[: _LONGEST // 2]} ... {plain[-_LONGEST // 2 :]}"


def _interrupted() -> int:
    interrupts.answered()
    click.echo("edgewright: Interrupted. Run the same command to continue.", err=True)
    return EXIT_INTERRUPTED
