"""Options that several commands share, and how a gate's flags become a policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgewright.core import knowledge
from edgewright.core.decision.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
offline_option = click.option("--offline", is_flag=True, help="Do not use the network; use only local files.")
workload_option = click.option(
    "--workload",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="Prompt length, output length and concurrency: default, chat, rag, batch, or a TOML file.",
)
short_blocks_option = click.option(
    "--short-blocks", is_flag=True, help="Measure in short blocks, and do not check the host for disturbance."
)
_TARGETS = tuple(knowledge.targets())
target_option = click.option(
    "--target",
    default="this-machine",
    show_default=True,
    metavar="TARGET",
    type=click.Choice(_TARGETS),
    help=f"Device for which the model is built: {', '.join(_TARGETS)}.",
)
energy_model_option = click.option(
    "--energy-model",
    type=click.Choice(("codecarbon",)),
    callback=lambda _ctx, _param, name: name or "",
    help="Estimate the energy if this machine has no energy counter. An estimate cannot decide a gate.",
)
framework_option = click.option(
    "--framework", default="", metavar="NAME", help="Framework that runs builds made by other tools."
)
trust_options = (
    click.option("--allow-pickle", is_flag=True, help="Load pickled weights. Unpickling can run code."),
    click.option("--allow-remote-code", is_flag=True, help="Run Python code from the model's directory."),
)

base_option = click.option(
    "--base",
    default="",
    metavar="DIR|HUB ID",
    help="Base model, if MODEL is a LoRA adapter (default: the one that the adapter names).",
)

_GATES: tuple[tuple[str, str, str, str], ...] = (
    (
        "--min-accuracy",
        "accuracy_retained",
        "share",
        "Minimum share of the original's accuracy (default 0.95).",
    ),
    ("--min-speedup", "speedup", "factor", "Minimum speedup in decoding (default 2)."),
    ("--min-memory-cut", "memory_cut", "share", "Minimum reduction of peak memory (default 0.5)."),
    (
        "--max-latency-variation",
        "latency_variation",
        "share",
        "Maximum p95/p50 - 1 of the per-token latency (default 0.25).",
    ),
    ("--max-memory", "peak_bytes", "size", "Maximum peak memory, such as 2GB."),
    ("--max-size", "size_bytes", "size", "Maximum size on disk, such as 110MB."),
    ("--min-decode-tok-s", "decode_tok_s", "number", "Minimum decoded tokens per second."),
    ("--max-ttft-ms", "ttft_ms", "ms", "Maximum time to first token."),
    (
        "--max-perplexity-increase",
        "perplexity_increase",
        "share",
        "Maximum increase of perplexity, such as 0.05.",
    ),
)

_EXAMPLES = {
    "share": "a share, such as 0.95",
    "factor": "a factor, such as 2",
    "size": "a size, such as 2GB",
    "number": "a number, such as 40",
    "ms": "milliseconds, such as 200",
}


def stacked(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, shown in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def policy_options(function: F) -> F:
    """``--policy``, a flag for each gate, ``--prefer`` and ``--strict``."""
    gates = [
        click.option(flag, f"gate_{metric}", metavar=kind.upper(), default=None, help=text)
        for flag, metric, kind, text in _GATES
    ]
    file = click.option(
        "--policy",
        "policy_file",
        type=click.Path(path_type=Path),
        help="Policy file (TOML). Flags override it.",
    )
    prefer = click.option(
        "--prefer",
        metavar="NAME=W,..",
        help="Preference among the builds that pass: weights, such as speed=2,accuracy=1, or an order, such as accuracy>speed. "
        "Objectives: accuracy, speed, prefill, latency, memory, size, energy.",
    )
    off = click.option(
        "--without-gate", "gates_off", metavar="METRIC", multiple=True, help="Remove the gate on this metric."
    )
    strict = click.option(
        "--strict/--no-strict",
        default=None,
        help="Recommend a build only if it passes all gates (default: if none does, recommend the best build that fails no gate, as provisional).",
    )
    return stacked(file, *gates, off, prefer, strict)(function)


def policy_of(values: dict[str, Any], base: Policy | None = None) -> Policy | None:
    """The policy of the parsed options, on top of ``base``; None if there are none. The options are removed from ``values``.

    Raises:
        UsageError: a flag's value is not a valid number, size or preference.
    """
    from edgewright.errors import UsageError
    from edgewright.inputs.config import policy_from, size_bytes

    bounds: dict[str, float | None] = {}
    for flag, metric, kind, _ in _GATES:
        text = values.pop(f"gate_{metric}")
        if text is None:
            continue
        try:
            bounds[metric] = float(size_bytes(text)) if kind == "size" else float(text)
        except ValueError as error:
            raise UsageError(
                f"{flag} {text!r} is not a valid number.", hint=f"Give {_EXAMPLES[kind]}."
            ) from error
        if not 0 <= bounds[metric] < float("inf"):  # type: ignore[operator]  # just set
            raise UsageError(f"{flag} {text} is not a number of 0 or more.")
    file, prefer, off, strict = (
        values.pop(name) for name in ("policy_file", "prefer", "gates_off", "strict")
    )
    given = bounds or file or prefer or off or strict is not None
    return policy_from(file, bounds, prefer, base=base, off=off, strict=strict) if given else base
