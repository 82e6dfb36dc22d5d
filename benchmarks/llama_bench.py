"""llama-bench in turns with another process: what it is asked, and what it says of the requests that no stop fell into."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import harmonic_mean

from benchmarks.lab import Lab
from benchmarks.pairs import Pair, Ratio, ratio_in_pairs
from benchmarks.turns import in_turns, unstopped
from edgewright.worker.pages import read_anew

_COUNTED = 0.75
"""The share of requests, the first ones, during which the other side surely still takes its turns."""


@dataclass(frozen=True)
class Shape:
    """One figure of llama-bench; a request takes a quarter of a turn or less."""

    name: str
    arguments: Sequence[str]
    requests: int
    turn_s: float

    def speed(self, samples: Sequence[float]) -> float:
        """Tokens per second, of the requests that count."""
        return harmonic_mean(unstopped(samples[: int(_COUNTED * self.requests)]))

    def speed_said(self, said: str) -> float:
        """The same, of what llama-bench printed: its JSON comes first, a log may follow."""
        results, _ = json.JSONDecoder().raw_decode(said)
        return self.speed(results[0]["samples_ts"])


PREFILL = Shape(name="pp512", arguments=("-p", "512", "-n", "0"), requests=16, turn_s=3.0)
DECODE = Shape(name="tg16", arguments=("-p", "0", "-n", "16"), requests=60, turn_s=1.0)


def command(lab: Lab, file: Path, shape: Shape) -> list[object]:
    """llama-bench of one file."""
    program = lab.root("llamacpp") / "native" / "bin" / "llama-bench"
    repetitions = ["-r", shape.requests, "-t", lab.threads, "-o", "json"]
    return [program, "-m", file, *shape.arguments, *repetitions]


def ratio_of_files(lab: Lab, one: Path, other: Path, shape: Shape, least: float) -> Ratio:
    """One file's speed over another's: llama-bench of both, alive at once and taking turns.

    Either is the first to start in every other pair, and before each pair both are read anew.
    """
    environment = lab.environment("llamacpp")
    orders = cycle(((one, other), (other, one)))

    def pair() -> Pair:
        files = next(orders)
        for file in files:
            read_anew(file)
        first, second = (command(lab, file, shape) for file in files)
        said = in_turns(lambda: lab.run(first, environment), second, environment, shape.turn_s)
        speeds = dict(zip(files, map(shape.speed_said, said), strict=True))
        return speeds[one], speeds[other]

    return ratio_in_pairs(
        least,
        float("inf"),
        pair,
        lambda mine, other: f"{shape.name}: {mine:.1f} and {other:.1f} tokens/s in turns",
    )
