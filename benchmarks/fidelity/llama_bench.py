"""Prefill and decode speed beside llama-bench: same library, file, threads and batch, in interleaved pairs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from benchmarks.checks import Check
from benchmarks.lab import TWO_REQUESTS, Lab
from benchmarks.pairs import ratio_in_pairs
from edgewright.core.measurement import Workload
from edgewright.core.speed import block_figure

_BOUNDS = (0.95, 1.05)
_REQUESTS = 4
"""Timed per side and pair, each about a second: a moment's disturbance is not a pair's."""
_PACE = replace(TWO_REQUESTS, least_requests=_REQUESTS)


@dataclass(frozen=True)
class _Shape:
    """One figure of llama-bench, in its words and in ours."""

    name: str
    arguments: Sequence[str]
    workload: Workload
    figure: str


_SHAPES = (
    _Shape("pp512", ("-p", "512", "-n", "0"), Workload(prompt_tokens=512, decode_tokens=2), "prefill_tok_s"),
    _Shape("tg128", ("-p", "0", "-n", "128"), Workload(prompt_tokens=1, decode_tokens=129), "decode_tok_s"),
)


def compare(lab: Lab) -> list[Check]:
    """The interval of each ratio inside 0.95 to 1.05."""
    path = lab.artifact("llamacpp", "q8_0").path
    return [_compared(lab, path, shape) for shape in _SHAPES]


def _compared(lab: Lab, path: str, shape: _Shape) -> Check:
    ratio = ratio_in_pairs(
        *_BOUNDS,
        partial(_ours, lab, path, shape),
        partial(_theirs, lab, path, shape),
        lambda mine, other: f"{shape.name}: ours {mine:.1f}, llama-bench {other:.1f} tokens/s",
    )
    return Check(
        name=f"{shape.name}: edgewright / llama-bench",
        value=ratio.value,
        unit="ratio of tokens/s",
        bound="interval in 0.95 to 1.05",
        ok=ratio.within(*_BOUNDS),
        note=ratio.note,
    )


def _ours(lab: Lab, path: str, shape: _Shape) -> float:
    return block_figure(lab.block(path, "llamacpp", shape.workload, pace=_PACE), shape.figure)


def _theirs(lab: Lab, path: str, shape: _Shape) -> float:
    program = lab.root("llamacpp") / "native" / "bin" / "llama-bench"
    repetitions = ["-r", str(_REQUESTS), "-t", str(lab.threads), "-o", "json"]
    command = [program, "-m", f"{path}/model.gguf", *shape.arguments, *repetitions]
    text = lab.run(command, lab.environment("llamacpp"))
    rows = json.loads(text[text.index("[\n") : text.rindex("]") + 1])
    return float(median(rows[0]["samples_ts"]))
