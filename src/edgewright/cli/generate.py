"""``edgewright generate``."""

from __future__ import annotations

import click

from edgewright.cli.options import offline_option, stacked, trust_options


@click.command("generate")
@click.argument("build")
@click.argument("prompt")
@click.option(
    "--max-tokens",
    default=64,
    show_default=True,
    type=click.IntRange(1),
    help="Maximum number of tokens to generate.",
)
@click.option("--chat", is_flag=True, help="Format the prompt with the model's chat template.")
@stacked(offline_option, *trust_options)
def command(
    *,
    build: str,
    prompt: str,
    max_tokens: int,
    chat: bool,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
) -> None:
    """Continue PROMPT with BUILD, by greedy decoding. BUILD is the directory of a build, or a model."""
    from edgewright.api import load

    with load(
        build, offline=offline, allow_pickle=allow_pickle, allow_remote_code=allow_remote_code
    ) as session:
        lack = session.chat_lack(prompt) if chat else ""
        if lack:
            click.echo(f"edgewright: {lack}", err=True)
        for piece in session.stream(prompt, max_tokens, chat=chat):
            click.echo(piece, nl=False)
        click.echo()
