"""What else happened on the host while a block was timed, and whether the block still counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb
from statistics import median

from edgewright.reasons import Reason, because


@dataclass(frozen=True, kw_only=True)
class Sentinel:
    """A fixed piece of work in a process of its own: matrix products (GFLOP/s) and memory reads (GB/s), all cores."""

    gflop_s: float
    read_gb_s: float


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The host during one block; None where the system does not tell.

    Shares are of all usable cores over the block's time: ``steal`` was taken by the hypervisor, ``foreign_cpu`` by
    processes that are not the block's own, ``pressure`` is the time in which some task waited for a core.
    """

    wall_s: float
    steal: float | None = None
    foreign_cpu: float | None = None
    pressure: float | None = None
    involuntary_switches: int | None = None
    mhz: float | None = None
    throttled: int | None = None
    swapped_in_pages: int | None = None
    before: Sentinel | None = None
    after: Sentinel | None = None


@dataclass(frozen=True, kw_only=True)
class NoiseLimits:
    """Where a block stops counting; the sentinel's is relative to the run's own (why 10 %: ADR 13).

    Beyond ``unsteady`` a block still counts, but says nothing of whether a build is steady.
    """

    steal: float = 0.01
    foreign_cpu: float = 0.05
    sentinel: float = 0.10
    unsteady: float = 0.05
    invalid_share: float = 0.30


_SURELY = 0.01
LIMITS = NoiseLimits()


def disturbance(noise: Noise, normal: Sentinel | None, limits: NoiseLimits = LIMITS) -> tuple[Reason, ...]:
    """Everything for which a block does not count; empty where it does."""
    found = []
    if noise.steal is not None and noise.steal > limits.steal:
        found.append(because("stolen", share=noise.steal))
    if noise.foreign_cpu is not None and noise.foreign_cpu > limits.foreign_cpu:
        found.append(because("others_ran", share=noise.foreign_cpu))
    if noise.throttled:
        found.append(because("throttled", times=noise.throttled))
    if noise.swapped_in_pages:
        found.append(because("swapped_in", pages=noise.swapped_in_pages))
    off, work, when = _furthest_off(noise, normal)
    if abs(off) > limits.sentinel:
        found.append(because("host_speed_off", work=work, when=when, off=off))
    return tuple(found)


def is_steady(noise: Noise, normal: Sentinel | None, limits: NoiseLimits = LIMITS) -> bool:
    """Whether the host itself was about as fast as usual, before the block and after it."""
    return abs(_furthest_off(noise, normal)[0]) <= limits.unsteady


def relative_speed(noise: Noise, normal: Sentinel | None) -> float:
    """The host's own speed over its usual, by the sentinel that was furthest off it; 1 where nothing is known."""
    return 1.0 + _furthest_off(noise, normal)[0]


def usual_speed(noises: Iterable[Noise]) -> Sentinel | None:
    """What sentinels usually say around these blocks: the medians of all; None before there are three."""
    seen = [s for noise in noises for s in (noise.before, noise.after) if s is not None]
    if len(seen) < 3:
        return None
    return Sentinel(gflop_s=median(s.gflop_s for s in seen), read_gb_s=median(s.read_gb_s for s in seen))


def _furthest_off(noise: Noise, normal: Sentinel | None) -> tuple[float, str, str]:
    """The relative difference of the sentinel that is furthest from the usual, what it measures, and when it ran."""
    if normal is None:
        return 0.0, "", ""
    found = [
        (got / usual - 1.0, what, when)
        for when, sentinel in (("before", noise.before), ("after", noise.after))
        if sentinel is not None
        for what, got, usual in (
            ("computing", sentinel.gflop_s, normal.gflop_s),
            ("reading memory", sentinel.read_gb_s, normal.read_gb_s),
        )
    ]
    return max(found, key=lambda one: abs(one[0]), default=(0.0, "", ""))


def is_noisy_host(invalid: int, blocks: int, limits: NoiseLimits = LIMITS) -> bool:
    """Whether so many of a run's blocks were invalid that its timings cannot be judged."""
    return blocks > 0 and invalid / blocks > limits.invalid_share


def is_surely_noisy(invalid: int, blocks: int, limits: NoiseLimits = LIMITS) -> bool:
    """Whether that can be said before all blocks are timed: so many by chance are less likely than one in a hundred."""
    share = limits.invalid_share
    tail = sum(comb(blocks, k) * share**k * (1.0 - share) ** (blocks - k) for k in range(invalid, blocks + 1))
    return tail < _SURELY
