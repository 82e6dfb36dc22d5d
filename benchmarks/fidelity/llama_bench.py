"""Prefill and decode speed beside llama-bench: same library, file and threads, both alive and taking turns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.checks import Check
from benchmarks.lab import TWO_REQUESTS, Lab
from benchmarks.llama_bench import DECODE, PREFILL, Shape, command
from benchmarks.pairs import Pair, ratio_in_pairs
from benchmarks.turns import in_turns
from edgewright.core.measurement.records import Workload
from edgewright.core.measurement.speed import REQUEST_FIGURES

_BOUNDS = (0.95, 1.05)


@dataclass(frozen=True)
class _Figure:
    """One figure in llama-bench's words and in ours."""

    shape: Shape
    workload: Workload
    name: str


_FIGURES = (
    _Figure(PREFILL, Workload(prompt_tokens=512, decode_tokens=2), "prefill_tok_s"),
    _Figure(DECODE, Workload(prompt_tokens=1, decode_tokens=17), "decode_tok_s"),
)


def compare(lab: Lab) -> list[Check]:
    """The interval of each ratio inside 0.95 to 1.05."""
    path = lab.artifact("llamacpp", "q8_0").path
    return [_compared(lab, path, figure) for figure in _FIGURES]


def _compared(lab: Lab, path: str, figure: _Figure) -> Check:
    name = figure.shape.name
    ratio = ratio_in_pairs(
        *_BOUNDS,
        partial(_pair, lab, path, figure),
        lambda mine, other: f"{name}: ours {mine:.1f}, llama-bench {other:.1f} tokens/s in turns",
    )
    return Check(
        name=f"{name}: edgewright / llama-bench",
        value=ratio.value,
        unit="ratio of tokens/s",
        bound="interval in 0.95 to 1.05",
        ok=ratio.within(*_BOUNDS),
        note=ratio.note,
    )


def _pair(lab: Lab, path: str, figure: _Figure) -> Pair:
    shape = figure.shape
    pace = replace(TWO_REQUESTS, least_requests=shape.requests)
    block, said = in_turns(
        lambda: lab.block(path, "llamacpp", figure.workload, pace=pace),
        command(lab, Path(path, "model.gguf"), shape),
        lab.environment("llamacpp"),
        shape.turn_s,
    )
    read = REQUEST_FIGURES[figure.name]
    return shape.speed([read(request) for request in block.requests]), shape.speed_said(said)
