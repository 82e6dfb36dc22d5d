"""``edgewright show``."""

from __future__ import annotations

from pathlib import Path

import click

from edgewright.cli.options import json_option


@click.command("show")
@click.argument("run", type=click.Path(path_type=Path))
@json_option
def command(*, run: Path, as_json: bool) -> int:
    """Show the results of the run in the directory RUN.

    Exit status 10: the run recommends no build. Exit status 11: it recommends a build with undecided gates.
    """
    from edgewright.api import open_run
    from edgewright.cli.results import finish

    return finish(open_run(run), as_json=as_json)
