"""One interleaved round: every arm once, in random order, each in a fresh process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgewright.core.measurement import Block
from edgewright.core.noise import LIMITS, Noise, Sentinel, is_noisy_host, is_steady, usual_speed


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

    In ``unsteady`` blocks the host's own speed was off its usual, though not so far that they would not count.
    ``resolution`` is half the interval of ln(B0/B0) over rounds that held the original twice: no difference below it can
    be seen here. None where there was no such arm.
    """

    blocks: int
    invalid: int
    noisy: bool
    unsteady: int = 0
    resolution: float | None = None
    resolution_rounds: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def excuse(self) -> str:
        """Why no build can be blamed for being unsteady here; empty where it can."""
        valid = self.blocks - self.invalid
        if not valid or self.unsteady / valid <= LIMITS.invalid_share:
            return ""
        return f"the host's own speed was over {LIMITS.unsteady:.0%} off its usual in {self.unsteady} of {valid} blocks"


def host_noise(rounds: Sequence[Round]) -> HostNoise:
    """How many of these rounds' blocks were disturbed, and by what."""
    valid, invalid = sum(len(r.blocks) for r in rounds), sum(len(r.invalid) for r in rounds)
    normal = usual(rounds)
    return HostNoise(
        blocks=valid + invalid,
        invalid=invalid,
        noisy=is_noisy_host(invalid, valid + invalid),
        unsteady=sum(not is_steady(b.noise, normal) for r in rounds for b in r.blocks.values()),
        reasons=tuple(dict.fromkeys(i.reason for r in rounds for i in r.invalid))[:5],
    )


RECENT = 3
"""Blocks whose sentinels, two each, tell how fast the host usually is at the moment."""


def recent(rounds: Sequence[Round]) -> tuple[Noise, ...]:
    """The noise around the last blocks of these rounds, oldest first."""
    return tuple(block.noise for one in rounds for block in one.blocks.values())[-RECENT:]


def usual(rounds: Sequence[Round]) -> Sentinel | None:
    """What sentinels usually say in these rounds."""
    return usual_speed(block.noise for one in rounds for block in one.blocks.values())
