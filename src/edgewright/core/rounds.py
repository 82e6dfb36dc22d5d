"""One interleaved round: every arm once, in random order, each in a fresh process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from edgewright.core.measurement import Block
from edgewright.core.noise import Sentinel, is_noisy_host


@dataclass(frozen=True, kw_only=True)
class Invalid:
    """A block that did not count: whose, and what disturbed it."""

    arm: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Round:
    """The valid blocks by arm, the order they were run in, and the attempts that did not count."""

    blocks: Mapping[str, Block]
    order: tuple[str, ...]
    invalid: tuple[Invalid, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HostNoise:
    """How well a host can tell two arms apart, over the rounds of one confirmation.

    ``resolution`` is half the interval of ln(B0/B0) over rounds that held the original twice: no difference below it can
    be seen here. None where there was no such arm.
    """

    blocks: int
    invalid: int
    noisy: bool
    resolution: float | None = None
    resolution_rounds: int = 0
    reasons: tuple[str, ...] = ()


def host_noise(rounds: Sequence[Round]) -> HostNoise:
    """How many of these rounds' blocks were disturbed, and by what."""
    valid, invalid = sum(len(r.blocks) for r in rounds), sum(len(r.invalid) for r in rounds)
    return HostNoise(
        blocks=valid + invalid,
        invalid=invalid,
        noisy=is_noisy_host(invalid, valid + invalid),
        reasons=tuple(dict.fromkeys(i.reason for r in rounds for i in r.invalid))[:5],
    )


def usual(rounds: Sequence[Round]) -> Sentinel | None:
    """What sentinels usually say in these rounds: the medians of all; None before there are three."""
    seen = [
        sentinel
        for one in rounds
        for block in one.blocks.values()
        for sentinel in (block.noise.before, block.noise.after)
        if sentinel is not None
    ]
    if len(seen) < 3:
        return None
    return Sentinel(gflop_s=median(s.gflop_s for s in seen), read_gb_s=median(s.read_gb_s for s in seen))
