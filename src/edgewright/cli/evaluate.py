"""``edgewright evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgewright.cli.options import json_option, offline_option, stacked, trust_options

_KEYS = ("perplexity", "kl_divergence", "top1_agreement", "next_token_accuracy")
_TEXT = {"eval_data": "--eval-data", "context": "--context", "tokens": "--tokens"}
_MIN_ACCURACY = 0.95


@click.command("evaluate")
@click.argument("model")
@click.option(
    "--eval-data", type=click.Path(path_type=Path), help="Text to score on (default: Python's own reference)."
)
@click.option(
    "--context", default=512, show_default=True, type=click.IntRange(2), help="Tokens of each window."
)
@click.option(
    "--tokens",
    type=click.IntRange(2),
    help="Tokens of the text to score (default: 2048; with a baseline up to 8192, until the verdict stands).",
)
@click.option(
    "--tasks",
    multiple=True,
    metavar="FILE",
    help="Ask multiple-choice items of a JSONL file instead; 'edgewright' is the set that comes with it. Repeatable.",
)
@click.option(
    "--lm-eval",
    "harness",
    multiple=True,
    metavar="TASK",
    help="Run a task of lm-evaluation-harness instead. Repeatable.",
)
@click.option(
    "--include-path", type=click.Path(path_type=Path), help="Directory with task files for --lm-eval."
)
@click.option("--limit", type=click.IntRange(1), help="Only the first items of each --lm-eval task.")
@click.option(
    "--samples",
    type=click.Path(path_type=Path),
    help="Write every item of --tasks or --lm-eval here (JSONL).",
)
@click.option(
    "--baseline", metavar="MODEL", help="Compare with this model (KL divergence, agreement, retention)."
)
@click.option(
    "--min-accuracy",
    type=click.FloatRange(min=0.0),
    metavar="SHARE",
    help="Least share of the baseline's accuracy, for the verdict (default 0.95).",
)
@click.option(
    "--runtime", default="", metavar="NAME", help="Run in this framework instead of the model's own."
)
@stacked(offline_option, *trust_options, json_option)
@click.pass_context
def command(  # one local a flag
    ctx: click.Context,
    *,
    model: str,
    eval_data: Path | None,
    context: int,
    tokens: int | None,
    tasks: tuple[str, ...],
    harness: tuple[str, ...],
    include_path: Path | None,
    limit: int | None,
    samples: Path | None,
    baseline: str | None,
    min_accuracy: float | None,
    runtime: str,
    offline: bool,
    allow_pickle: bool,
    allow_remote_code: bool,
    as_json: bool,
) -> None:
    """Score MODEL, or the directory of a build: on a text, on tasks, or by lm-evaluation-harness.

    A text is scored teacher forced, in windows that do not overlap. A model (directory, hub id, GGUF) runs in the
    reference runtime, a build in its own.
    """
    _check(ctx, tasks=bool(tasks), harness=bool(harness))
    least = _MIN_ACCURACY if min_accuracy is None else min_accuracy
    trust = {"allow_pickle": allow_pickle, "allow_remote_code": allow_remote_code}
    where = {"runtime": runtime, "offline": offline, **trust}
    if tasks:
        _tasks(samples, model, tasks, as_json=as_json, baseline=baseline, min_accuracy=least, **where)
    elif harness:
        _harness(samples, model, harness, as_json=as_json, include_path=include_path, limit=limit, **where)
    else:
        text = {"eval_data": eval_data, "context": context, "tokens": tokens}
        _text(model, as_json=as_json, baseline=baseline, min_accuracy=least, **text, **where)


def _text(model: str, *, as_json: bool, **asked: Any) -> None:
    from edgewright.api import evaluate
    from edgewright.cli.evaluations import show_evaluation
    from edgewright.cli.output import print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.codec import plain

    with TerminalReporter() as reporter:
        answer = evaluate(model, **asked, reporter=reporter)
    if as_json:
        flat = {name: answer.values[name].value if name in answer.values else None for name in _KEYS}
        print_json({**flat, **plain(answer)})
    else:
        show_evaluation(answer)


def _tasks(samples: Path | None, model: str, tasks: tuple[str, ...], *, as_json: bool, **asked: Any) -> None:
    from edgewright.api import evaluate_tasks
    from edgewright.cli.evaluations import show_tasks, write_samples
    from edgewright.cli.output import print_json
    from edgewright.cli.progress import TerminalReporter
    from edgewright.codec import plain

    with TerminalReporter() as reporter:
        answer = evaluate_tasks(model, tasks, **asked, reporter=reporter)
    write_samples(samples, ((r.task, plain(item)) for r in answer.results for item in r.items))
    print_json(answer) if as_json else show_tasks(answer)


def _harness(
    samples: Path | None, model: str, tasks: tuple[str, ...], *, as_json: bool, **asked: Any
) -> None:
    from edgewright.api import evaluate_lm_eval
    from edgewright.cli.evaluations import show_harness, write_samples
    from edgewright.cli.output import print_json
    from edgewright.cli.progress import TerminalReporter

    with TerminalReporter() as reporter:
        answer = evaluate_lm_eval(model, tasks, **asked, reporter=reporter)
    write_samples(samples, ((task, row) for task, rows in answer.samples.items() for row in rows))
    print_json(answer) if as_json else show_harness(answer)


def _check(ctx: click.Context, *, tasks: bool, harness: bool) -> None:
    """Flags of one way to evaluate do not go with another."""
    from click.core import ParameterSource

    from edgewright.errors import UsageError

    given = {
        name
        for name in ctx.params
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE and ctx.params[name] is not None
    }
    text = [flag for name, flag in _TEXT.items() if name in given]
    if tasks and harness:
        raise UsageError("--tasks and --lm-eval are two ways to evaluate.", hint="Give one of them.")
    if (tasks or harness) and text:
        raise UsageError(f"{text[0]} is about a text, and none is scored with tasks.", hint="Leave it out.")
    for name, flag in (("include_path", "--include-path"), ("limit", "--limit")):
        if name in given and not harness:
            raise UsageError(f"{flag} belongs to --lm-eval.", hint="Add --lm-eval TASK, or leave it out.")
    if "samples" in given and not tasks and not harness:
        raise UsageError(
            "--samples belongs to --tasks or --lm-eval.", hint="Add one of them, or leave it out."
        )
    if harness and given & {"baseline", "min_accuracy"}:
        raise UsageError(
            "lm-evaluation-harness reports one model; it is not compared with a baseline here.",
            hint="Run it for both, or give items by --tasks with --baseline.",
        )
    if "min_accuracy" in given and "baseline" not in given:
        raise UsageError("--min-accuracy needs a --baseline to hold against.", hint="Add --baseline MODEL.")
