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

GROUPS = {
    "Start": {
        "demo": "Optimize SmolLM2-135M for this machine.",
        "doctor": "Look at this machine: hardware, readiness to measure, toolchains.",
        "assess": "Say what can be done with a model on a target, before building anything.",
    },
    "Build and choose": {
        "optimize": "Build, compare, measure and gate a model in every framework, and choose.",
        "show": "Show a finished run.",
        "pick": "Choose again from a finished run, with other gates or preferences.",
    },
    "Measure": {
        "evaluate": "Accuracy of a model or a build: on a text, on tasks, or with lm-evaluation-harness.",
        "benchmark": "Time builds side by side in one interleaved run.",
        "ab": "Say which of two builds is better on one metric.",
        "profile": "Say where a build's time goes, what limits it, and what to change.",
        "sensitivity": "Say what quantizing each group of a model's tensors costs.",
    },
    "Run": {
        "generate": "Let a build or a model continue a text.",
    },
    "Maintain": {
        "toolchain": "List, install, verify and remove the frameworks' environments.",
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
@click.option("--debug", is_flag=True, help="Show the traceback of a failure.")
def cli(*, debug: bool) -> None:
    """Ship the right build of a trained model to a device: measured and gated."""
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
        hint = "" if debug else "Run the same with --debug after `edgewright` to see where."
        wrapped = EdgewrightError(f"Unexpected {type(error).__name__}: {error}", hint=hint)
        return _failed(wrapped, EdgewrightError.exit_code, debug=debug)
    return status if isinstance(status, int) else 0


def _failed(error: EdgewrightError, status: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    if interrupts.heard():
        return _interrupted()
    click.echo(f"edgewright: {_bounded(str(error))}", err=True)
    return status


def _bounded(text: str) -> str:
    """The text as every terminal can write it, and no longer than one reads: names in it come from outside."""
    plain = text.encode("utf-8", errors="backslashreplace").decode()
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[: _LONGEST // 2]} ... {plain[-_LONGEST // 2 :]}"


def _interrupted() -> int:
    interrupts.answered()
    click.echo("edgewright: Interrupted. The same command goes on from here.", err=True)
    return EXIT_INTERRUPTED
