"""Options that several commands share, and how a gate's flags become a policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgewright.core.decision.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for machines instead of tables."
)
offline_option = click.option(
    "--offline", is_flag=True, help="Never use the network; use what is on this disk."
)
workload_option = click.option(
    "--workload",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="Shape of the requests: default, chat, rag, batch, or a TOML file.",
)
quick_option = click.option(
    "--quick", is_flag=True, help="Short blocks, and the host is not watched: for a first look."
)
energy_model_option = click.option(
    "--energy-model",
    default="",
    metavar="NAME",
    help="Estimate energy where this machine counts none: codecarbon. An estimate decides no gate.",
)
framework_option = click.option(
    "--framework", default="", metavar="NAME", help="Framework for builds made by other tools."
)
trust_options = (
    click.option("--allow-pickle", is_flag=True, help="Accept pickled weights. Unpickling can run code."),
    click.option("--allow-remote-code", is_flag=True, help="Run Python code that comes with the model."),
)

base_option = click.option(
    "--base",
    default="",
    metavar="DIR|HUB ID",
    help="The model that MODEL, a LoRA adapter, belongs on (default: the one that it names).",
)

_GATES: tuple[tuple[str, str, str, str], ...] = (
    (
        "--min-accuracy",
        "accuracy_retained",
        "share",
        "Least share of the original's accuracy (default 0.95).",
    ),
    ("--min-speedup", "speedup", "factor", "Least speedup in decoding (default 2)."),
    ("--min-memory-cut", "memory_cut", "share", "Least cut of peak memory (default 0.5)."),
    (
        "--max-latency-variation",
        "latency_variation",
        "share",
        "Most p95/p50 - 1 of per-token latency (default 0.25).",
    ),
    ("--max-memory", "peak_bytes", "size", "Most peak memory, such as 2GB."),
    ("--max-size", "size_bytes", "size", "Most size on disk, such as 110MB."),
    ("--min-decode-tok-s", "decode_tok_s", "number", "Least decoded tokens per second."),
    ("--max-ttft-ms", "ttft_ms", "ms", "Most time to first token."),
    (
        "--max-perplexity-increase",
        "perplexity_increase",
        "share",
        "Most increase of perplexity, such as 0.05.",
    ),
)


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
        help="Policy file (TOML); flags go on top.",
    )
    prefer = click.option(
        "--prefer",
        metavar="NAME=W,..",
        help="Weights among those that pass, as speed=2,accuracy=1; or an order, as accuracy>speed. Also: prefill, "
        "latency, memory, size, energy.",
    )
    off = click.option(
        "--without-gate", "gates_off", metavar="METRIC", multiple=True, help="Ask nothing of this metric."
    )
    strict = click.option(
        "--strict/--no-strict",
        default=None,
        help="Recommend nothing whose gates are not all decided (default: the best of what no gate fails, as provisional).",
    )
    return stacked(file, *gates, off, prefer, strict)(function)


def policy_of(values: dict[str, Any], base: Policy | None = None) -> Policy:
    """The policy that the parsed options say, on top of ``base``; the options are taken out of ``values``.

    Raises:
        UsageError: a flag's value is no number, size or preference.
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
            raise UsageError(f"{flag} {text!r} is no number.", hint=f"Give a {kind}.") from error
        if not 0 <= bounds[metric] < float("inf"):  # type: ignore[operator]  # just set
            raise UsageError(f"{flag} {text} is not a number of 0 or more.")
    file, prefer, off, strict = (
        values.pop(name) for name in ("policy_file", "prefer", "gates_off", "strict")
    )
    return policy_from(file, bounds, prefer, base=base, off=off, strict=strict)
