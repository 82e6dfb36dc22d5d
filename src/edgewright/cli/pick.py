"""``edgewright pick``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgewright.cli.options import json_option, policy_of, policy_options


@click.command("pick")
@click.argument("run", type=click.Path(path_type=Path))
@policy_options
@json_option
def command(*, run: Path, as_json: bool, **rest: Any) -> int:
    """Choose again among the builds of the run in the directory RUN, with other gates or preferences.

    Nothing is measured, and the run's record does not change. Gates and preferences that are not given are those of the
    run.
    """
    from edgewright.api import open_run, pick
    from edgewright.cli.results import finish

    stored = open_run(run)
    return finish(pick(stored, policy_of(rest, stored.policy) or stored.policy), as_json=as_json)
