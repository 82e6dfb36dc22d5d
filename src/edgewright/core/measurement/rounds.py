"""One interleaved round: every arm once, in random order, each in a fresh process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from edgewright.core.measurement.noise import LIMITS, Noise, Sentinel, is_noisy_host, is_steady, usual_speed
from edgewright.core.measurement.records import Block
from edgewright.reasons import Reason, because

_CAUSES = 5
"""As many different disturbances of a confirmation are kept."""


@dataclass(frozen=True, kw_only=True)
class Invalid:
    """A block that did not count: whose, and what disturbed it.

    ``speed`` is the host's own over its usual, where nothing but that was to blame.
    """

    arm: str
    causes: tuple[Reason, ...]
    speed: float | None = None


@dataclass(frozen=True, kw_only=True)
class Round:
    """The valid blocks by arm, the order they were run in, and the attempts that did not count.

    ``kept_speeds`` has, by arm, the host's relative speed in blocks that it disturbed and that were not timed again.
    """

    blocks: Mapping[str, Block]
    order: tuple[str, ...]
    invalid: tuple[Invalid, ...] = ()
    kept_speeds: Mapping[str, float] = field(default_factory=dict)


class Phase(StrEnum):
    """What a round was measured for. Rounds of a confirmation and of an exploration never mix."""

    EXPLORE = "explore"
    SEARCH = "search"
    TUNE = "tune"
    GLANCE = "glance"
    CONFIRM = "confirm"


EXPLORING = (Phase.EXPLORE, Phase.SEARCH, Phase.TUNE)
"""Rounds that choose what is confirmed. A glance gives no figure that is compared."""


@dataclass(frozen=True, kw_only=True)
class RoundKey:
    """Which round of a run it is: the ``number``-th of a ``group`` (a framework, a build, a turn) in a phase.

    ``part`` counts the rounds that hold arms which the round before them lacked.
    """

    phase: Phase
    group: str = ""
    number: int = 0
    part: int = 0

    def is_beside(self, other: RoundKey) -> bool:
        """Whether two rounds belong together: what is usual for the host in one is usual in the other."""
        return self.phase is other.phase and (self.phase is Phase.EXPLORE or self.group == other.group)


@dataclass(frozen=True, kw_only=True)
class HostNoise:
    """How well a host can tell two arms apart, over the rounds of one confirmation.

    In ``unsteady`` blocks the host's own speed was off its usual, though not so far that they would not count.
    ``resolution`` is half the interval of ln(B0/B0) over rounds that held the original twice: no difference below it can
    be seen here. None where there was no such arm. ``swing`` is given where the host is noisy by nothing but its own speed:
    the fastest it was seen over the slowest. ``speed_only`` counts the invalid blocks whose only cause
    is the host's own speed; ``kept`` counts the blocks that it disturbed and that were not timed again.
    """

    blocks: int
    invalid: int
    noisy: bool
    unsteady: int = 0
    resolution: float | None = None
    resolution_rounds: int = 0
    causes: tuple[tuple[Reason, ...], ...] = ()
    speed_only: int = 0
    kept: int = 0
    swing: float | None = None

    @property
    def is_mute(self) -> bool:
        """Whether nothing timed here can be judged: what else ran took an unknown share of it."""
        return self.noisy and self.swing is None

    @property
    def excuse(self) -> Reason | None:
        """Why no build can be blamed for being unsteady here; None where it can."""
        if self.swing is not None:
            off = self.invalid + self.kept
            return because("host_unsteady", limit=LIMITS.sentinel, off=off, blocks=self.blocks)
        valid = self.blocks - self.invalid
        if not valid or self.unsteady / valid <= LIMITS.invalid_share:
            return None
        return because("host_unsteady", limit=LIMITS.unsteady, off=self.unsteady, blocks=valid)


def host_noise(rounds: Sequence[Round]) -> HostNoise:
    """How many of these rounds' blocks were disturbed, and by what."""
    valid, invalid = sum(len(r.blocks) for r in rounds), sum(len(r.invalid) for r in rounds)
    refused = [i.speed for r in rounds for i in r.invalid if i.speed is not None]
    kept = [speed for r in rounds for speed in r.kept_speeds.values()]
    noisy = is_noisy_host(invalid + len(kept), valid + invalid)
    alone = noisy and not is_noisy_host(invalid - len(refused), valid + invalid)
    normal = usual(rounds)
    return HostNoise(
        blocks=valid + invalid,
        invalid=invalid,
        noisy=noisy,
        speed_only=len(refused),
        kept=len(kept),
        unsteady=sum(not is_steady(b.noise, normal) for r in rounds for b in r.blocks.values()),
        causes=_distinct(i.causes for r in rounds for i in r.invalid),
        swing=max(1.0, *refused, *kept) / min(1.0, *refused, *kept) if alone else None,
    )


def _distinct(causes: Iterable[tuple[Reason, ...]]) -> tuple[tuple[Reason, ...], ...]:
    """The first few that differ."""
    found: list[tuple[Reason, ...]] = []
    for one in causes:
        if one not in found and len(found) < _CAUSES:
            found.append(one)
    return tuple(found)


def is_worth_waiting_for(rounds: Sequence[Round]) -> bool:
    """Whether the host's own speed was so seldom off its usual that a block it disturbed is better timed again."""
    noise = host_noise(rounds)
    return not is_noisy_host(noise.speed_only + noise.kept, noise.blocks)


def numbered(rounds: Sequence[Round]) -> dict[str, Round]:
    """Rounds by their number in a run that has no other names for them."""
    return {str(number): one for number, one in enumerate(rounds)}


Key = TypeVar("Key")


def counted(rounds: Mapping[Key, Round], arm: str) -> dict[Key, Block]:
    """An arm's blocks that count, by round: those that the host's own speed disturbed only where the host is like that."""
    swings = host_noise(list(rounds.values())).swing is not None
    return {
        name: one.blocks[arm]
        for name, one in rounds.items()
        if arm in one.blocks and (swings or arm not in one.kept_speeds)
    }


RECENT = 3
"""Blocks whose sentinels, two each, tell how fast the host usually is at the moment."""


def recent(rounds: Sequence[Round]) -> tuple[Noise, ...]:
    """The noise around the last blocks of these rounds, oldest first."""
    return tuple(block.noise for one in rounds for block in one.blocks.values())[-RECENT:]


def usual(rounds: Sequence[Round]) -> Sentinel | None:
    """What sentinels usually say in these rounds."""
    return usual_speed(block.noise for one in rounds for block in one.blocks.values())
