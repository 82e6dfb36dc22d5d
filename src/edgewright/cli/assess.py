"""``edgewright assess``."""

from __future__ import annotations

import click

from edgewright.cli.options import base_option, json_option, offline_option, stacked, trust_options


@click.command("assess")
@click.argument("model")
@click.option("--target", default="this-machine", show_default=True, help="Kind of device the build is for.")
@click.option(
    "--context",
    default=4096,
    show_default=True,
    type=click.IntRange(1),
    help="Tokens of context for the KV cache.",
)
@stacked(base_option, offline_option, *trust_options, json_option)
def command(
    *,
    model: str,
    target: str,
    context: int,
    base: str,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
    as_json: bool,
) -> None:
    """Say what can be done with MODEL on a target, before building anything.

    MODEL is a Hugging Face directory, a hub id, a GGUF file or a LoRA adapter. Targets: this-machine, intel-cpu, intel-gpu, intel-npu,
    nvidia-gpu, apple-silicon, ios, android, arm-embedded, edge-tpu, cross-platform, enterprise.
    """
    from edgewright.api import assess
    from edgewright.cli.output import console, print_json
    from edgewright.report.terminal import show_assessment

    answer = assess(
        model,
        target=target,
        context=context,
        base=base,
        offline=offline,
        allow_pickle=allow_pickle,
        allow_remote_code=allow_remote_code,
    )
    if as_json:
        print_json(answer)
    else:
        show_assessment(console(), answer)
