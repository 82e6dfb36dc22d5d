"""``edgewright pull``."""

from __future__ import annotations

from pathlib import Path

import click

from edgewright.cli.options import json_option, stacked


@click.command("pull")
@click.argument("reference", metavar="REF")
@click.option("--out", type=click.Path(path_type=Path), help="Directory of the build (default: builds/NAME).")
@stacked(json_option)
def command(*, reference: str, out: Path | None, as_json: bool) -> int:
    """Fetch the build that `edgewright package --push` sent to REF, and check every file against its digests.

    REF is HOST/REPOSITORY:TAG, or HOST/REPOSITORY@sha256:DIGEST. An interrupted pull continues with the same command.
    """
    from edgewright.api import pull
    from edgewright.cli.output import console, print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.report.lines import say

    with TerminalReporter() as reporter:
        found = pull(reference, out, reporter=reporter)
    if as_json:
        print_json(found)
    else:
        say(console(), (found.build, "bold"), f": {found.directory}", soft_wrap=True)
        say(console(), f"  manifest: {found.digest}")
    return 0
