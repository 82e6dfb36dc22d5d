"""edgewright's figures beside those of tools that no one here wrote, on the same model, in one run.

``make bench NAME=fidelity``; ``python -m benchmarks fidelity PART...`` runs some parts only.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence

from benchmarks.checks import Check, finish
from benchmarks.fidelity import (
    benchmark_app,
    harness,
    llama_bench,
    llama_perplexity,
    peak_memory,
    torch_loss,
)
from benchmarks.lab import Lab

PARTS: dict[str, Callable[[Lab], list[Check]]] = {
    "llama-bench": llama_bench.compare,
    "llama-perplexity": llama_perplexity.compare,
    "torch": torch_loss.compare,
    "lm-eval": harness.compare,
    "benchmark_app": benchmark_app.compare,
    "time": peak_memory.compare,
}


def main(arguments: Sequence[str]) -> int:
    """All parts, or those that are named."""
    unknown = [name for name in arguments if name not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]}; there are {', '.join(PARTS)}.")
        return 2
    started = time.time()
    lab = Lab()
    checks: list[Check] = []
    for name in arguments or PARTS:
        print(f"== {name}", flush=True)
        try:
            checks += PARTS[name](lab)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            checks.append(Check(name=name, value=None, unit="", bound="", ok=None, note=str(error)[-300:]))
    return finish(
        "fidelity",
        checks,
        started,
        model=lab.source.name,
        left_out=["onnxruntime_perf_test: no package has it"],
    )
