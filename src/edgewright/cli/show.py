"""``edgewright show``."""

from __future__ import annotations

from pathlib import Path

import click

from edgewright.cli.options import json_option


@click.command("show")
@click.argument("run", type=click.Path(path_type=Path))
@json_option
def command(*, run: Path, as_json: bool) -> int:
    """Show the run in the directory RUN as it was decided.

    Exit status 10: it recommends no build; 11: it recommends one whose gates are not all decided.
    """
    from edgewright.api import open_run
    from edgewright.cli.results import finish

    return finish(open_run(run), as_json=as_json)
