"""``edgewright doctor``."""

from __future__ import annotations

import click

from edgewright.cli.options import json_option, offline_option, stacked


@click.command("doctor")
@stacked(offline_option, json_option)
def command(*, offline: bool, as_json: bool) -> None:
    """Check this machine: hardware, readiness to measure, toolchains. Each problem is shown with a fix."""
    from edgewright.api import doctor
    from edgewright.cli.output import console, print_json
    from edgewright.codec import plain
    from edgewright.report.terminal import show_host

    host, toolchains = doctor(offline=offline)
    if as_json:
        print_json({"host": plain(host), "toolchains": [plain(state) for state in toolchains]})
    else:
        show_host(console(), host, toolchains)
