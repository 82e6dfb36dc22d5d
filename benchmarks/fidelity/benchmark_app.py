"""Time to first token of OpenVINO beside its own benchmark_app: the same graph, 512 tokens, in interleaved pairs."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from benchmarks.checks import Check
from benchmarks.lab import Lab
from benchmarks.pairs import one_after_the_other, ratio_in_pairs
from edgewright.core.jobs.requests import BenchJob
from edgewright.core.jobs.results import BenchResult
from edgewright.core.measurement.records import Pace, Workload
from edgewright.core.measurement.speed import block_figure
from edgewright.sites.local.runner import run_in

_BOUNDS = (0.95, 1.05)
_TOKENS, _INFERENCES = 512, 6
_PACE = Pace(least_s=0.0, least_requests=_INFERENCES, warmup_least=1, warmup_most=1, sentinel=False)
_PROGRAM = Path(__file__).parent / "programs" / "openvino_prefill.py"


def compare(lab: Lab) -> list[Check]:
    """Within 5 %."""
    lab.artifact("openvino", "fp16")  # makes sure of the toolchain
    out = lab.folder / "openvino"
    environment = {**lab.environment("openvino"), "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    said = lab.run([lab.python("openvino"), _PROGRAM, lab.source.path, out], environment)
    inputs = re.findall(r"^input (\w+)$", said, flags=re.MULTILINE)
    ratio = ratio_in_pairs(
        *_BOUNDS,
        one_after_the_other(partial(_ours, lab, out), partial(_theirs, lab, out, inputs)),
        lambda mine, other: f"ours {mine:.1f} ms, benchmark_app {other:.1f} ms",
    )
    return [
        Check(
            name=f"prefill of {_TOKENS}: edgewright / benchmark_app",
            value=ratio.value,
            unit="ratio of ms",
            bound="0.95 to 1.05",
            ok=_BOUNDS[0] <= ratio.value <= _BOUNDS[1],
            note=ratio.note,
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
