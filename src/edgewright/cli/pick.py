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
    """Choose again from the run in the directory RUN, with other gates or preferences; nothing is measured.

    Gates and preferences that are not named are the run's own. Its record stays as it is.
    """
    from edgewright.api import open_run, pick
    from edgewright.cli.results import finish

    stored = open_run(run)
    return finish(pick(stored, policy_of(rest, stored.policy)), as_json=as_json)
