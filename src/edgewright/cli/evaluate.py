"""``edgewright evaluate text|tasks|lm-eval``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgewright.cli.options import framework_option, json_option, offline_option, stacked, trust_options

_KEYS = ("perplexity", "kl_divergence", "top1_agreement", "next_token_accuracy")
_MIN_ACCURACY = 0.95

F = TypeVar("F", bound=Callable[..., Any])

samples_option = click.option(
    "--samples", type=click.Path(path_type=Path), help="Write all items to this file (JSONL)."
)
baseline_option = click.option("--baseline", metavar="MODEL", help="Compare the accuracy with this model.")
min_accuracy_option = click.option(
    "--min-accuracy",
    type=click.FloatRange(min=0.0),
    metavar="SHARE",
    help="Minimum share of the baseline's accuracy (default 0.95). Needs --baseline.",
)
common_options = stacked(framework_option, offline_option, *trust_options, json_option)


@click.group("evaluate")
def command() -> None:
    """Measure the accuracy of a model or a build: on a text, on tasks, or with lm-evaluation-harness.

    A model (directory, hub id, GGUF file) runs in the reference framework. A build runs in its own framework.
    """


@command.command("text")
@click.argument("model")
@click.option(
    "--eval-data",
    type=click.Path(path_type=Path),
    help="Text file to score on (default: the Python reference manual).",
)
@click.option(
    "--window",
    "context",
    default=512,
    show_default=True,
    type=click.IntRange(2),
    help="Tokens in each scored window.",
)
@click.option(
    "--tokens",
    type=click.IntRange(2),
    help="Tokens of the text to score (default: 2048; with --baseline up to 8192, until the verdict is clear).",
)
@stacked(baseline_option, min_accuracy_option)
@common_options
def text(*, model: str, as_json: bool, **asked: Any) -> None:
    """Measure perplexity and next-token accuracy of MODEL on a text. MODEL can be a build's directory.

    The text is scored with teacher forcing, in windows that do not overlap. With --baseline, the output also has the KL
    divergence, the top-1 agreement and the share of the baseline's accuracy that is retained.
    """
    from edgewright.api import evaluate
    from edgewright.cli.evaluations import show_evaluation
    from edgewright.cli.output import print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.codec import plain

    with TerminalReporter() as reporter:
        answer = evaluate(model, **_held(asked), reporter=reporter)
    if as_json:
        flat = {name: answer.values[name].value if name in answer.values else None for name in _KEYS}
        print_json({**flat, **plain(answer)})
    else:
        show_evaluation(answer)


@command.command("tasks")
@click.argument("model")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@stacked(samples_option, baseline_option, min_accuracy_option)
@common_options
def tasks(*, model: str, files: tuple[str, ...], samples: Path | None, as_json: bool, **asked: Any) -> None:
    """Measure the accuracy of MODEL on multiple-choice items in JSONL files. MODEL can be a build's directory.

    Without FILE, or if FILE is 'edgewright', the set included in edgewright is used.
    """
    from edgewright.api import evaluate_tasks
    from edgewright.cli.evaluations import show_tasks, write_samples
    from edgewright.cli.output import print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.codec import plain

    with TerminalReporter() as reporter:
        answer = evaluate_tasks(model, files or ("edgewright",), **_held(asked), reporter=reporter)
    write_samples(samples, ((r.task, plain(item)) for r in answer.results for item in r.items))
    print_json(answer) if as_json else show_tasks(answer)


@command.command("lm-eval")
@click.argument("model")
@click.argument("names", nargs=-1, required=True, metavar="TASK...")
@click.option("--include-path", type=click.Path(path_type=Path), help="Directory of your own task files.")
@click.option("--limit", type=click.IntRange(1), help="Use only the first items of each task.")
@samples_option
@common_options
def lm_eval(*, model: str, names: tuple[str, ...], samples: Path | None, as_json: bool, **asked: Any) -> None:
    """Run tasks of lm-evaluation-harness on MODEL. MODEL can be a build's directory.

    The harness reports one model. To compare two models, run the command for each of them.
    """
    from edgewright.api import evaluate_lm_eval
    from edgewright.cli.evaluations import show_harness, write_samples
    from edgewright.cli.output import print_json
    from edgewright.cli.progress import TerminalReporter

    with TerminalReporter() as reporter:
        answer = evaluate_lm_eval(model, names, **asked, reporter=reporter)
    write_samples(samples, ((task, row) for task, rows in answer.samples.items() for row in rows))
    print_json(answer) if as_json else show_harness(answer)


def _held(asked: dict[str, Any]) -> dict[str, Any]:
    """The options, with the default minimum; a minimum needs a baseline."""
    from edgewright.errors import UsageError

    least = asked.pop("min_accuracy")
    if least is not None and asked["baseline"] is None:
        raise UsageError("--min-accuracy needs --baseline.", hint="Add --baseline MODEL.")
    return {**asked, "min_accuracy": _MIN_ACCURACY if least is None else least}
