"""Time to first token of OpenVINO beside its own benchmark_app: the same graph, 512 tokens, in interleaved pairs."""

from __future__ import annotations

import random
import re
from pathlib import Path

from benchmarks.checks import Check
from benchmarks.lab import Lab, ratio_interval
from edgewright.core.answers import BenchResult
from edgewright.core.jobs import BenchJob
from edgewright.core.measurement import Pace, Workload
from edgewright.core.speed import block_figure
from edgewright.runtime.runner import run_in

_PAIRS, _TOKENS, _INFERENCES = 7, 512, 6
_PACE = Pace(least_s=0.0, least_requests=_INFERENCES, warmup_least=1, warmup_most=1, sentinel=False)
_PROGRAM = Path(__file__).parent / "programs" / "openvino_prefill.py"


def compare(lab: Lab) -> list[Check]:
    """Within 5 %."""
    lab.artifact("openvino", "fp16")  # makes sure of the toolchain
    out = lab.folder / "openvino"
    environment = {**lab.environment("openvino"), "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    said = lab.run([lab.python("openvino"), _PROGRAM, lab.source.path, out], environment)
    inputs = re.findall(r"^input (\w+)$", said, flags=re.MULTILINE)
    ours: list[float] = []
    theirs: list[float] = []
    rng = random.Random(0)  # an order of measurements
    for number in range(_PAIRS):
        order = [True, False]
        rng.shuffle(order)
        for mine in order:
            if mine:
                ours.append(_ours(lab, out))
            else:
                theirs.append(_theirs(lab, out, inputs))
        print(f"  pair {number + 1}: ours {ours[-1]:.1f} ms, benchmark_app {theirs[-1]:.1f} ms", flush=True)
    ratio, low, high = ratio_interval(ours, theirs)
    return [
        Check(
            name=f"prefill of {_TOKENS}: edgewright / benchmark_app, {_PAIRS} pairs",
            value=ratio,
            unit="ratio of ms",
            bound="0.95 to 1.05",
            ok=0.95 <= ratio <= 1.05,
            note=f"90 % interval {low:.4f} to {high:.4f}",
        )
    ]


def _ours(lab: Lab, out: Path) -> float:
    environment = {**lab.toolchain_environment("openvino"), "PYTHONPATH": str(_PROGRAM.parent)}
    job = BenchJob(
        worker="openvino_prefill_worker",
        artifact=str(out / "plain"),
        runtime={},
        ids=tuple(range(1, _TOKENS + 1)),
        workload=Workload(prompt_tokens=_TOKENS, decode_tokens=2),
        pace=_PACE,
    )
    log = lab.folder / "prefill.log"
    answer = run_in(lab.root("openvino"), environment, job, log=log, tell=lab.reporter.tell, timeout_s=300.0)
    if not isinstance(answer, BenchResult):
        raise RuntimeError(f"no block: {answer}")  # noqa: TRY004  # a reason, not a type
    return block_figure(answer.block, "ttft_ms")


def _theirs(lab: Lab, out: Path, inputs: list[str]) -> float:
    given = ",".join(f"{name}:{out / name}.npy" for name in inputs)
    python = lab.python("openvino")
    command = [python, python.with_name("benchmark_app"), "-m", out / "sliced" / "openvino_model.xml"]
    shape = ["-d", "CPU", "-api", "sync", "-hint", "none", "-nthreads", str(lab.threads), "-nstreams", "1"]
    said = lab.run([*command, *shape, "-niter", str(_INFERENCES), "-i", given], lab.environment("openvino"))
    found = re.search(r"Median:\s+([\d.]+) ms", said)
    if not found:
        raise RuntimeError(f"benchmark_app gave no median: {said[-1500:]}")
    return float(found.group(1))
