"""The records of builds compared side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgewright.core.decision.ab import AbVerdict
from edgewright.core.measurement.quantity import Value
from edgewright.core.measurement.records import Block, Pace, Placement, Workload
from edgewright.core.measurement.rounds import HostNoise


@dataclass(frozen=True, kw_only=True)
class Benchmarked:
    """One arm: its figures, with speedup and memory cut against the first arm.

    ``blocks`` holds its raw samples by round; one named ``energy`` was run for its energy only.
    """

    name: str
    runtime: str
    path: str
    values: Mapping[str, Value]
    placement: Placement
    blocks: Mapping[str, Block]


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """All arms of one interleaved run, and how noisy the host was meanwhile."""

    workload: Workload
    pace: Pace
    arms: tuple[Benchmarked, ...]
    host: HostNoise


@dataclass(frozen=True, kw_only=True)
class AbTest:
    """Two builds, the verdict, and how many looks it took; ``rounds`` or ``positions`` count what it rests on."""

    a: str
    b: str
    verdict: AbVerdict
    looks: int
    rounds: int = 0
    positions: int = 0
