"""``edgewright benchmark``."""

from __future__ import annotations

import click

from edgewright.cli.options import (
    energy_model_option,
    framework_option,
    json_option,
    offline_option,
    short_blocks_option,
    stacked,
    trust_options,
    workload_option,
)


@click.command("benchmark")
@click.argument("builds", nargs=-1, required=True)
@click.option(
    "--rounds", default=7, show_default=True, type=click.IntRange(1), help="Number of interleaved rounds."
)
@framework_option
@click.option(
    "--energy",
    is_flag=True,
    help="Also measure energy: one more block of 30 s for each build, with the energy counters of this machine.",
)
@stacked(
    workload_option, short_blocks_option, energy_model_option, offline_option, *trust_options, json_option
)
def command(
    *,
    builds: tuple[str, ...],
    rounds: int,
    workload: str,
    short_blocks: bool,
    energy: bool,
    energy_model: str,
    framework: str,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
    as_json: bool,
) -> None:
    """Compare the speed of BUILDS. Each round runs every build once, in random order, each in a new process.

    BUILDS can be builds of edgewright, GGUF files, and ONNX Runtime GenAI, OpenVINO or MLX directories made by other
    tools; each runs in its own framework. Any other model runs in the reference framework (PyTorch).
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
            pace=QUICK if short_blocks else FULL,
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
