"""``edgewright optimize``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgewright.cli.options import (
    base_option,
    json_option,
    offline_option,
    policy_of,
    policy_options,
    stacked,
    target_option,
    trust_options,
    workload_option,
)


@click.command("optimize")
@click.argument("model")
@target_option
@click.option(
    "--frameworks",
    metavar="A,B",
    help="Use only these frameworks: llamacpp, onnx, openvino, mlx, or one from a plug-in (default: those of the target).",
)
@click.option(
    "--only",
    metavar="NAME,..",
    help="Build only these, by name or pattern, such as 'llamacpp/q4*,onnx/int8'.",
)
@click.option(
    "--prune",
    metavar="PART:RATIO,..",
    help="Also build pruned models: remove a share of the blocks or neurons, such as blocks:0.1,neurons:0.2. Add +recover "
    "to distil the original into the pruned model.",
)
@policy_options
@click.option(
    "--eval-data",
    type=click.Path(path_type=Path),
    help="Text file to score on (default: the Python reference manual).",
)
@click.option(
    "--tokens",
    default=2048,
    show_default=True,
    type=click.IntRange(64),
    help="Number of tokens on which each build is scored.",
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
    "--budget",
    metavar="TIME|N trials",
    help="Search all builds that the frameworks can make, within a time, such as 30m, or a number of trials, such as '40 trials'.",
)
@click.option("--seed", default=0, show_default=True, help="Random seed.")
@click.option(
    "--disk-quota",
    metavar="SIZE",
    help="Delete dominated builds once all builds exceed SIZE, such as 5GB. Their measurements are kept.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Run directory (default: runs/MODEL-TARGET).")
@click.option(
    "--quick",
    is_flag=True,
    help="Fewer and shorter measurements. Gates stay undecided where a value is near the bound.",
)
@click.option(
    "--target-size",
    metavar="SIZE|smallest",
    help="Also choose a type for each tensor with minimum loss at this size, such as 105MB, or at the smallest size that "
    "passes the accuracy gates.",
)
@click.option(
    "--target-bpw",
    type=click.FloatRange(min=1.0, max=16.0),
    help="Same as --target-size, in bits per weight, such as 4.5.",
)
@stacked(workload_option, base_option, offline_option, *trust_options, json_option)
def command(
    *,
    model: str,
    target: str,
    frameworks: str | None,
    only: str | None,
    prune: str | None,
    disk_quota: str | None,
    budget: str | None,
    workload: str,
    target_size: str | None,
    target_bpw: float | None,
    as_json: bool,
    **rest: Any,
) -> int:
    """Build MODEL in every framework that supports the target, measure the builds, check the gates, and recommend one.

    MODEL is a Hugging Face directory, a hub id, a GGUF file or a LoRA adapter. Run the same command again to continue a
    stopped run. Exit status 10: the run is complete, but no build is recommended. Exit status 11: a build is recommended,
    but some of its gates are undecided.
    """
    from edgewright.api import optimize
    from edgewright.cli.progress import TerminalReporter
    from edgewright.cli.results import finish
    from edgewright.errors import UsageError
    from edgewright.inputs.config import budget as budget_of
    from edgewright.inputs.config import prunings, size_bytes
    from edgewright.inputs.config import workload as shape

    if target_size and target_bpw:
        raise UsageError("--target-size and --target-bpw exclude each other.", hint="Give one of them.")
    smallest = target_size == "smallest"
    time_s, trials = budget_of(budget) if budget else (None, None)
    policy = policy_of(rest)
    with TerminalReporter() as reporter:
        run = optimize(
            model,
            target=target,
            frameworks=_names(frameworks),
            only=_names(only),
            prune=prunings(prune or ""),
            policy=policy,
            budget_s=time_s,
            budget_trials=trials,
            disk_quota=size_bytes(disk_quota) if disk_quota else None,
            workload=shape(workload),
            target_size=size_bytes(target_size) if target_size and not smallest else None,
            smallest=smallest,
            target_bpw=target_bpw,
            reporter=reporter,
            **rest,
        )
    return finish(run, as_json=as_json)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]
