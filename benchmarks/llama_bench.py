"""llama-bench in turns with another process: what it is asked, and what it says of the requests that no stop fell into."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
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
    pairs = _Pairs(lab, one, other, shape)
    show = partial("{}: {:.1f} and {:.1f} tokens/s in turns".format, shape.name)
    return ratio_in_pairs(least, float("inf"), pairs.measured, show)


@dataclass
class _Pairs:
    lab: Lab
    one: Path
    other: Path
    shape: Shape
    count: int = 0

    def measured(self) -> Pair:
        self.count += 1
        files = (self.one, self.other) if self.count % 2 else (self.other, self.one)
        for file in files:
            read_anew(file)
        environment = self.lab.environment("llamacpp")
        first, second = (command(self.lab, file, self.shape) for file in files)
        said = in_turns(lambda: self.lab.run(first, environment), second, environment, self.shape.turn_s)
        speeds = [self.shape.speed_said(text) for text in said]
        return (speeds[0], speeds[1]) if self.count % 2 else (speeds[1], speeds[0])
