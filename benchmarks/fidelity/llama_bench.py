"""Prefill and decode speed beside llama-bench: same library, file, threads and batch, in interleaved pairs."""

from __future__ import annotations

import json
import random
from functools import partial

from benchmarks.checks import Check
from benchmarks.lab import Lab, ratio_interval
from edgewright.core.measurement import Workload
from edgewright.core.speed import block_figure

_PAIRS = 12
_PROMPT, _DECODE = 512, 128


def compare(lab: Lab) -> list[Check]:
    """The 90 % interval of each ratio inside 0.95 to 1.05."""
    artifact = lab.artifact("llamacpp", "q8_0")
    ours: dict[str, list[float]] = {"pp512": [], "tg128": []}
    theirs: dict[str, list[float]] = {"pp512": [], "tg128": []}
    rng = random.Random(0)  # an order of measurements
    for number in range(_PAIRS):
        sides = [partial(_ours, lab, artifact.path, ours), partial(_theirs, lab, artifact.path, theirs)]
        rng.shuffle(sides)
        for side in sides:
            side()
        print(f"  pair {number + 1}: ours {_last(ours)}, llama-bench {_last(theirs)}", flush=True)
    checks = []
    for name, mine in ours.items():
        ratio, low, high = ratio_interval(mine, theirs[name])
        checks.append(
            Check(
                name=f"{name}: edgewright / llama-bench, {_PAIRS} pairs",
                value=ratio,
                unit="ratio of tokens/s",
                bound="90 % interval in 0.95 to 1.05",
                ok=low >= 0.95 and high <= 1.05,
                note=f"interval {low:.4f} to {high:.4f}",
            )
        )
    return checks


def _ours(lab: Lab, path: str, into: dict[str, list[float]]) -> None:
    prompt = lab.block(path, "llamacpp", Workload(prompt_tokens=_PROMPT, decode_tokens=2))
    into["pp512"].append(block_figure(prompt, "prefill_tok_s"))
    decode = lab.block(path, "llamacpp", Workload(prompt_tokens=1, decode_tokens=_DECODE + 1))
    into["tg128"].append(block_figure(decode, "decode_tok_s"))


def _theirs(lab: Lab, path: str, into: dict[str, list[float]]) -> None:
    program = lab.root("llamacpp") / "native" / "bin" / "llama-bench"
    for name, shape in (
        ("pp512", ["-p", str(_PROMPT), "-n", "0"]),
        ("tg128", ["-p", "0", "-n", str(_DECODE)]),
    ):
        command = [
            program,
            "-m",
            f"{path}/model.gguf",
            *shape,
            "-r",
            "2",
            "-t",
            str(lab.threads),
            "-o",
            "json",
        ]
        text = lab.run(command, lab.environment("llamacpp"))
        rows = json.loads(text[text.index("[\n") : text.rindex("]") + 1])
        into[name].append(float(rows[0]["avg_ts"]))


def _last(figures: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {rows[-1]:.1f}" for name, rows in figures.items())
