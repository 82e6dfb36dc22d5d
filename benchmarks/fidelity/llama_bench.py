"""Prefill and decode speed beside llama-bench: same library, file and threads, both alive and taking turns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import harmonic_mean

from benchmarks.checks import Check
from benchmarks.lab import TWO_REQUESTS, Lab
from benchmarks.pairs import Pair, ratio_in_pairs
from benchmarks.turns import in_turns, unstopped
from edgewright.core.measurement import Workload
from edgewright.core.speed import REQUEST_FIGURES

_BOUNDS = (0.95, 1.05)
_COUNTED = 0.75
"""The share of requests, the first ones, during which the other side surely still takes its turns."""


@dataclass(frozen=True)
class _Shape:
    """One figure of llama-bench, in its words and in ours; a request takes a quarter of a turn or less."""

    name: str
    arguments: Sequence[str]
    workload: Workload
    figure: str
    requests: int
    turn_s: float


_SHAPES = (
    _Shape(
        name="pp512",
        arguments=("-p", "512", "-n", "0"),
        workload=Workload(prompt_tokens=512, decode_tokens=2),
        figure="prefill_tok_s",
        requests=16,
        turn_s=3.0,
    ),
    _Shape(
        name="tg16",
        arguments=("-p", "0", "-n", "16"),
        workload=Workload(prompt_tokens=1, decode_tokens=17),
        figure="decode_tok_s",
        requests=60,
        turn_s=1.0,
    ),
)


def compare(lab: Lab) -> list[Check]:
    """The interval of each ratio inside 0.95 to 1.05."""
    path = lab.artifact("llamacpp", "q8_0").path
    return [_compared(lab, path, shape) for shape in _SHAPES]


def _compared(lab: Lab, path: str, shape: _Shape) -> Check:
    ratio = ratio_in_pairs(
        *_BOUNDS,
        partial(_pair, lab, path, shape),
        lambda mine, other: f"{shape.name}: ours {mine:.1f}, llama-bench {other:.1f} tokens/s in turns",
    )
    return Check(
        name=f"{shape.name}: edgewright / llama-bench",
        value=ratio.value,
        unit="ratio of tokens/s",
        bound="interval in 0.95 to 1.05",
        ok=ratio.within(*_BOUNDS),
        note=ratio.note,
    )


def _pair(lab: Lab, path: str, shape: _Shape) -> Pair:
    program = lab.root("llamacpp") / "native" / "bin" / "llama-bench"
    repetitions = ["-r", str(shape.requests), "-t", str(lab.threads), "-o", "json"]
    pace = replace(TWO_REQUESTS, least_requests=shape.requests)
    block, said = in_turns(
        lambda: lab.block(path, "llamacpp", shape.workload, pace=pace),
        [program, "-m", f"{path}/model.gguf", *shape.arguments, *repetitions],
        lab.environment("llamacpp"),
        shape.turn_s,
    )
    figure = REQUEST_FIGURES[shape.figure]
    ours = [figure(request) for request in block.requests]
    theirs = json.loads(said)[0]["samples_ts"]
    count = int(_COUNTED * shape.requests)
    return harmonic_mean(unstopped(ours[:count])), harmonic_mean(unstopped(theirs[:count]))
