"""``edgewright benchmark``."""

from __future__ import annotations

import click

from edgewright.cli.options import json_option, offline_option, stacked


@click.command("benchmark")
@click.argument("builds", nargs=-1, required=True)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Interleaved rounds.")
@click.option(
    "--prompt-tokens", default=128, show_default=True, type=click.IntRange(1), help="Length of the prompt."
)
@click.option(
    "--decode-tokens", default=64, show_default=True, type=click.IntRange(2), help="Tokens to decode."
)
@click.option(
    "--runtime", default="", metavar="NAME", help="Run models that are no builds of ours in this framework."
)
@stacked(offline_option, json_option)
def command(
    *,
    builds: tuple[str, ...],
    rounds: int,
    prompt_tokens: int,
    decode_tokens: int,
    runtime: str,
    offline: bool,
    as_json: bool,
) -> None:
    """Time BUILDS (directories of builds, or models in the reference) side by side, each round in random order."""
    from edgewright.api import benchmark
    from edgewright.cli.output import console, print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.core.measurement import Workload
    from edgewright.report.terminal import show_benchmark

    workload = Workload(prompt_tokens=prompt_tokens, decode_tokens=decode_tokens)
    with TerminalReporter() as reporter:
        arms = benchmark(
            builds, rounds=rounds, workload=workload, runtime=runtime, offline=offline, reporter=reporter
        )
    if as_json:
        print_json(arms)
    else:
        show_benchmark(console(), [(arm.name, arm.values) for arm in arms], rounds=rounds)
