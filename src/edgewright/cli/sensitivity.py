"""``edgewright sensitivity``."""

from __future__ import annotations

from pathlib import Path

import click

from edgewright.cli.options import json_option, offline_option, stacked, trust_options


@click.command("sensitivity")
@click.argument("model")
@click.option(
    "--eval-data",
    type=click.Path(path_type=Path),
    help="Text file for calibration (default: the Python reference manual).",
)
@stacked(offline_option, *trust_options, json_option)
def command(
    *,
    model: str,
    eval_data: Path | None,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
    as_json: bool,
) -> None:
    """Measure the KL divergence from rounding each group of MODEL's tensors to 2, 3, 4, 6 and 8 bits.

    The measurement runs once in the reference framework, and its result is kept; `optimize --target-size` uses it. A
    stopped measurement continues when you run the command again.
    """
    from edgewright.api import sensitivity
    from edgewright.cli.output import console, print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.report.sensitivity import show_sensitivity

    with TerminalReporter() as reporter:
        table = sensitivity(
            model,
            eval_data=eval_data,
            offline=offline,
            allow_pickle=allow_pickle,
            allow_remote_code=allow_remote_code,
            reporter=reporter,
        )
    if as_json:
        print_json(table)
    else:
        show_sensitivity(console(), table)
