"""``edgewright assess``."""

from __future__ import annotations

import click

from edgewright.cli.options import (
    base_option,
    json_option,
    offline_option,
    stacked,
    target_option,
    trust_options,
)


@click.command("assess")
@click.argument("model")
@click.option(
    "--context",
    default=4096,
    show_default=True,
    type=click.IntRange(1),
    help="Context length in tokens, for the size of the KV cache.",
)
@stacked(target_option, base_option, offline_option, *trust_options, json_option)
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
    """Show which frameworks can build MODEL for a target, and the estimated memory. Nothing is built.

    MODEL is a Hugging Face directory, a hub id, a GGUF file or a LoRA adapter.
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
