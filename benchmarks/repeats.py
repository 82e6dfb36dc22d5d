"""The same run again and again on this machine: does any gate pass once and fail another time?

``python -m benchmarks repeats [COUNT] [--brief] [--only PATTERNS]``. Builds and scores come from the store; every repeat
times anew, in a run directory of its own. Called again after an interruption it goes on; it removes them when all are done.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from benchmarks.checks import OUT, Check, at_most, finish
from edgewright.app.demo import demo_source
from edgewright.app.optimize.optimize import run_source
from edgewright.app.optimize.request import BRIEF, Confirmation, Request
from edgewright.cli.progress import TerminalReporter
from edgewright.core.decision.policy import Policy
from edgewright.core.run import Run
from edgewright.environment import Environment
from edgewright.inputs.config import evaluation_text
from edgewright.sites.local.rundir import open_run_directory

_RUNS = OUT / "repeats"


def main(arguments: Sequence[str]) -> int:
    """Run, count, and hold the flips against none."""
    parser = argparse.ArgumentParser(prog="make bench NAME=repeats")
    parser.add_argument("count", type=int, nargs="?", default=10)
    parser.add_argument("--brief", action="store_true", help="the short confirmation")
    parser.add_argument(
        "--only", default="", help="only these builds: names or patterns, separated by commas"
    )
    options = parser.parse_args(list(arguments))
    started = time.time()
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    chosen: Counter[str] = Counter()
    noise: list[dict[str, float | int | None]] = []
    only = tuple(name for name in options.only.split(",") if name)
    for number in range(options.count):
        run = _run(number, only, brief=options.brief)
        chosen[run.best.id if run.best else "none"] += 1
        if run.host:
            noise.append(
                {
                    "blocks": run.host.blocks,
                    "invalid": run.host.invalid,
                    "resolution": run.host.resolution,
                    "swing": run.host.swing,
                    "seconds": round((run.finished_s or run.started_s) - run.started_s, 1),
                }
            )
        for trial in run.trials:
            for verdict in trial.verdicts:
                outcomes[f"{trial.id} {verdict.gate.metric}"][str(verdict.outcome)] += 1
        print(f"repeat {number + 1}: {dict(chosen)}, {noise[-1] if noise else 'not confirmed'}", flush=True)
    shutil.rmtree(_RUNS)
    return finish("repeats", _checks(outcomes), started, chosen=chosen, noise=noise, outcomes=outcomes)


def _run(number: int, only: tuple[str, ...], *, brief: bool) -> Run:
    out = _RUNS / str(number)
    with TerminalReporter() as reporter, open_run_directory(out):
        context = Environment(offline=True).context(out / "logs", reporter)
        source = demo_source(context)
        request = Request(
            text=evaluation_text(None),
            policy=Policy(),
            tokens=1024 if brief else 2048,
            confirmation=BRIEF if brief else Confirmation(),
            seed=number,
            only=only,
        )
        return run_source(context, source, request, out, target="this-machine")


def _checks(outcomes: dict[str, Counter[str]]) -> list[Check]:
    flips = [name for name, seen in outcomes.items() if seen["pass"] and seen["fail"]]
    opened = [name for name, seen in outcomes.items() if seen["inconclusive"] and len(seen) > 1]
    total = sum(sum(seen.values()) for seen in outcomes.values())
    decided = sum(seen["pass"] + seen["fail"] for seen in outcomes.values())
    told = Check(
        name="verdicts that were pass or fail",
        value=float(decided),
        unit=f"of {total}",
        bound="reported",
        ok=decided > 0,
        note=f"{len(opened)} gates were decided in some repeats and open in others",
    )
    return [
        at_most("gates that passed once and failed another time", len(flips), 0, "gates", "; ".join(flips)),
        told,
    ]
