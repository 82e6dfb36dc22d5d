"""``edgewright demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgewright.cli.options import json_option, offline_option, policy_of, policy_options, stacked


@click.command("demo")
@click.option(
    "--out",
    default=Path("runs/demo"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Run directory.",
)
@click.option("--quick", is_flag=True, help="Score and time less: for a first look.")
@click.option("--all", "everything", is_flag=True, help="Build all that `optimize` would.")
@policy_options
@stacked(offline_option, json_option)
def command(*, out: Path, quick: bool, everything: bool, offline: bool, as_json: bool, **rest: Any) -> int:
    """Optimize SmolLM2-135M for this machine, in all four frameworks.

    The package index has this model only as a Q4_1 GGUF file. edgewright dequantizes it and permutes its dimensions. The
    output of the model stays the same, and its weights no longer lie on a quantization grid.
    """
    from edgewright.api import demo
    from edgewright.app.demo import NOTE
    from edgewright.cli.progress import TerminalReporter
    from edgewright.cli.results import finish
    from edgewright.inputs.demo_model import PACKAGE

    if not as_json:
        click.echo(f"The model is SmolLM2-135M-Instruct ({PACKAGE}). Note: {NOTE}.", err=True)
    policy = policy_of(rest)
    with TerminalReporter() as reporter:
        run = demo(out, policy=policy, offline=offline, quick=quick, everything=everything, reporter=reporter)
    return finish(run, as_json=as_json)
