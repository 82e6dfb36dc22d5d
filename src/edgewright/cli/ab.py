"""``edgewright ab``."""

from __future__ import annotations

from pathlib import Path

import click

from edgewright.cli.options import (
    json_option,
    offline_option,
    quick_option,
    stacked,
    trust_options,
    workload_option,
)


@click.command("ab")
@click.argument("a")
@click.argument("b")
@click.option(
    "--metric",
    default="decode_tok_s",
    show_default=True,
    help="What to compare: decode_tok_s, prefill_tok_s, throughput_tok_s, ttft_ms, e2e_ms, load_s, peak_bytes, "
    "cpu_s_per_token, next_token_accuracy, perplexity.",
)
@click.option(
    "--margin",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0.0, 10.0, min_open=True),
    help="A ratio this near to 1 makes no difference.",
)
@click.option(
    "--eval-data", type=click.Path(path_type=Path), help="Text to score on (default: Python's own reference)."
)
@stacked(workload_option, quick_option, offline_option, *trust_options, json_option)
def command(
    *,
    a: str,
    b: str,
    metric: str,
    margin: float,
    eval_data: Path | None,
    workload: str,
    quick: bool,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
    as_json: bool,
) -> None:
    """Say which of the builds A and B is better on one metric, whether they are alike, or that nobody can tell.

    The verdict rests on the interval of the ratio B/A, looked at three times at most; it ends at the first look that
    decides.
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
            pace=QUICK if quick else FULL,
            offline=offline,
            allow_pickle=allow_pickle,
            allow_remote_code=allow_remote_code,
            reporter=reporter,
        )
    if as_json:
        print_json(answer)
    else:
        show_ab(console(), answer)
