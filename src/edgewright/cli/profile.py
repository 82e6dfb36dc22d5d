"""``edgewright profile``."""

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


@click.command("profile")
@click.argument("build")
@framework_option
@stacked(
    workload_option, short_blocks_option, energy_model_option, offline_option, *trust_options, json_option
)
def command(
    *,
    build: str,
    workload: str,
    short_blocks: bool,
    energy_model: str,
    framework: str,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
    as_json: bool,
) -> None:
    """Show where BUILD spends time, what limits it on this host, and what to change.

    BUILD is the directory of a build, a model made by another tool, or the directory of a run. For a run, its recommended
    build is profiled, and the profile is added to the report of the run.
    """
    from edgewright.api import profile
    from edgewright.cli.output import console, print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.inputs.config import workload as shape
    from edgewright.report.profile import show_profile

    with TerminalReporter() as reporter:
        answer = profile(
            build,
            workload=shape(workload),
            quick=short_blocks,
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
        show_profile(console(), answer)
