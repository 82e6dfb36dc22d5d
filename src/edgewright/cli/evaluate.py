"""``edgewright evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from edgewright.cli.options import json_option, offline_option, stacked

_KEYS = ("perplexity", "kl_divergence", "top1_agreement", "next_token_accuracy")


@click.command("evaluate")
@click.argument("model")
@click.option(
    "--eval-data", type=click.Path(path_type=Path), help="Text to score on (default: Python's own reference)."
)
@click.option(
    "--context", default=512, show_default=True, type=click.IntRange(2), help="Tokens of each window."
)
@click.option(
    "--tokens", default=2048, show_default=True, type=click.IntRange(2), help="Tokens of the text to score."
)
@click.option(
    "--baseline", metavar="MODEL", help="Compare with this model (KL divergence, agreement, retention)."
)
@click.option(
    "--runtime", default="", metavar="NAME", help="Run in this framework instead of the model's own."
)
@stacked(offline_option, json_option)
def command(
    *,
    model: str,
    eval_data: Path | None,
    context: int,
    tokens: int,
    baseline: str | None,
    runtime: str,
    offline: bool,
    as_json: bool,
) -> None:
    """Score MODEL, or the directory of a build, on a text: teacher forced, in windows that do not overlap.

    A model (directory, hub id, GGUF) runs in the reference runtime, a build in its own.
    """
    from edgewright.api import evaluate
    from edgewright.cli.output import console, print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.codec import plain
    from edgewright.report.figures import figure

    with TerminalReporter() as reporter:
        answer = evaluate(
            model,
            eval_data=eval_data,
            context=context,
            tokens=tokens,
            baseline=baseline,
            runtime=runtime,
            offline=offline,
            reporter=reporter,
        )
    if as_json:
        flat = {name: answer.values[name].value if name in answer.values else None for name in _KEYS}
        print_json({**flat, **plain(answer)})
        return
    out = console()
    out.print(
        f"{answer.model} in {answer.runtime}: {answer.tokens} tokens of {answer.data}",
        highlight=False,
        markup=False,
    )
    for name, value in answer.values.items():
        out.print(
            f"  {name:20} {figure(value, interval=True)} {value.unit if value.unit != '1' else ''}".rstrip()
        )
