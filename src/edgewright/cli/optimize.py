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
    trust_options,
    workload_option,
)


@click.command("optimize")
@click.argument("model")
@click.option("--target", default="this-machine", show_default=True, help="Kind of device the build is for.")
@click.option(
    "--frameworks",
    metavar="A,B",
    help="Only these: llamacpp, onnx, openvino, mlx, or one that joined (default: the target's).",
)
@click.option(
    "--only",
    metavar="NAME,..",
    help="Only these builds, by name or pattern, such as 'llamacpp/q4*,onnx/int8'.",
)
@click.option(
    "--prune",
    metavar="PART:RATIO,..",
    help="Also build the model without a share of its blocks or neurons: blocks:0.1,neurons:0.2; "
    "+recover after either distils the original into what is left.",
)
@policy_options
@click.option(
    "--eval-data", type=click.Path(path_type=Path), help="Text to score on (default: Python's own reference)."
)
@click.option(
    "--tokens",
    default=2048,
    show_default=True,
    type=click.IntRange(64),
    help="Tokens to score each build on.",
)
@click.option(
    "--context", default=512, show_default=True, type=click.IntRange(2), help="Tokens of each scored window."
)
@click.option(
    "--budget",
    metavar="TIME|N trials",
    help="Search everything the frameworks can build until then: a time, such as 30m, or '40 trials'.",
)
@click.option(
    "--seed", default=0, show_default=True, help="What the search's draws and the order of arms begin with."
)
@click.option(
    "--disk-quota",
    metavar="SIZE",
    help="Drop builds of a search that others beat beyond this, such as 5GB; their figures stay.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Run directory (default: runs/MODEL-TARGET).")
@click.option("--quick", is_flag=True, help="Confirm briefly: only what is far from every bound is decided.")
@click.option(
    "--target-size",
    metavar="SIZE|smallest",
    help="Also allocate types to tensors for the least loss at this size, such as 105MB, or at the smallest size that "
    "keeps the accuracy gates.",
)
@click.option(
    "--target-bpw", type=click.FloatRange(min=1.0, max=16.0), help="The same by bits per weight, such as 4.5."
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
    """Build MODEL in every framework that suits the target, compare, measure, gate, and choose.

    MODEL is a Hugging Face directory, a hub id, a GGUF file or a LoRA adapter. The same command again goes on where it was stopped.
    Exit status 10: all went well, and no build is recommended. 11: one is, and some of its gates are not decided.
    """
    from edgewright.api import optimize
    from edgewright.cli.progress import TerminalReporter
    from edgewright.cli.results import finish
    from edgewright.errors import UsageError
    from edgewright.inputs.config import budget as budget_of
    from edgewright.inputs.config import prunings, size_bytes
    from edgewright.inputs.config import workload as shape

    if target_size and target_bpw:
        raise UsageError("--target-size and --target-bpw ask for two sizes.", hint="Give one of them.")
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
