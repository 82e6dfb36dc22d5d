"""``edgewright ab``."""

from __future__ import annotations

from pathlib import Path

import click

from edgewright.cli.options import (
    json_option,
    offline_option,
    short_blocks_option,
    stacked,
    trust_options,
    workload_option,
)

METRICS = (
    "decode_tok_s",
    "prefill_tok_s",
    "throughput_tok_s",
    "ttft_ms",
    "e2e_ms",
    "load_s",
    "peak_bytes",
    "cpu_s_per_token",
    "next_token_accuracy",
    "perplexity",
)
"""Metrics on which two builds can be compared."""


@click.command("ab")
@click.argument("a")
@click.argument("b")
@click.option(
    "--metric",
    default="decode_tok_s",
    show_default=True,
    type=click.Choice(METRICS),
    metavar="METRIC",
    help=f"Metric to compare: {', '.join(METRICS)}.",
)
@click.option(
    "--margin",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0.0, 10.0, min_open=True),
    help="Relative difference below which A and B count as equal.",
)
@click.option(
    "--eval-data",
    type=click.Path(path_type=Path),
    help="Text file for the accuracy metrics (default: the Python reference manual).",
)
@stacked(workload_option, short_blocks_option, offline_option, *trust_options, json_option)
def command(
    *,
    a: str,
    b: str,
    metric: str,
    margin: float,
    eval_data: Path | None,
    workload: str,
    short_blocks: bool,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
    as_json: bool,
) -> None:
    """Compare the builds A and B on one metric.

    The result is: A is better, B is better, A and B are alike, or inconclusive. It is based on the confidence interval of
    the ratio B/A. The test measures at most three times and stops as soon as the result is clear.
    """
    from edgewright.api import ab
    from edgewright.cli.output import console, print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.core.measurement.records import FULL, QUICK
    from edgewright.inputs.config import workload as shape
    from edgewright.report.compared import show_ab

    with TerminalReporter() as reporter:
        answer = ab(
            a,
            b,
            metric=metric,
            margin=margin,
            eval_data=eval_data,
            workload=shape(workload),
            pace=QUICK if short_blocks else FULL,
            offline=offline,
            allow_pickle=allow_pickle,
            allow_remote_code=allow_remote_code,
            reporter=reporter,
        )
    if as_json:
        print_json(answer)
    else:
        show_ab(console(), answer)
