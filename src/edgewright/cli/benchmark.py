"""``edgewright benchmark``."""

from __future__ import annotations

import click

from edgewright.cli.options import (
    energy_model_option,
    framework_option,
    json_option,
    offline_option,
    quick_option,
    stacked,
    trust_options,
    workload_option,
)


@click.command("benchmark")
@click.argument("builds", nargs=-1, required=True)
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="Interleaved rounds.")
@framework_option
@click.option(
    "--energy",
    is_flag=True,
    help="One more block of 30 s for each build, with this machine's energy counters.",
)
@stacked(workload_option, quick_option, energy_model_option, offline_option, *trust_options, json_option)
def command(
    *,
    builds: tuple[str, ...],
    rounds: int,
    workload: str,
    quick: bool,
    energy: bool,
    energy_model: str,
    framework: str,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
    as_json: bool,
) -> None:
    """Time BUILDS side by side: each round runs every one once, in random order, each in a fresh process.

    A build of ours runs in its framework, and so do GGUF files, and ONNX Runtime GenAI, OpenVINO and MLX directories
    that others made; any other model runs in the reference.
    """
    from edgewright.api import benchmark
    from edgewright.cli.output import console, print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.core.measurement.records import FULL, QUICK
    from edgewright.inputs.config import workload as shape
    from edgewright.report.compared import show_benchmark

    with TerminalReporter() as reporter:
        answer = benchmark(
            builds,
            rounds=rounds,
            workload=shape(workload),
            pace=QUICK if quick else FULL,
            energy=energy,
            energy_model=energy_model,
            framework=framework,
            offline=offline,
            allow_pickle=allow_pickle,
            allow_remote_code=allow_remote_code,
            reporter=reporter,
        )
    if as_json:
        print_json(answer)
    else:
        show_benchmark(console(), answer, rounds=rounds)
