"""What else happened on the host while a block was timed, and whether the block still counts."""

from __future__ import annotations

from dataclasses import dataclass


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
    """Where a block stops counting; the sentinel's is relative to the run's own (why 10 %: ADR 13)."""

    steal: float = 0.01
    foreign_cpu: float = 0.05
    sentinel: float = 0.10
    invalid_share: float = 0.30


LIMITS = NoiseLimits()


def disturbance(noise: Noise, normal: Sentinel | None, limits: NoiseLimits = LIMITS) -> str:
    """Why a block does not count, in words; empty where it does."""
    if noise.steal is not None and noise.steal > limits.steal:
        return f"the hypervisor took {noise.steal:.1%} of the processor"
    if noise.foreign_cpu is not None and noise.foreign_cpu > limits.foreign_cpu:
        return f"other processes took {noise.foreign_cpu:.1%} of the processor"
    if noise.throttled:
        return f"the processor throttled {noise.throttled} times"
    if noise.swapped_in_pages:
        return f"{noise.swapped_in_pages} pages were swapped in"
    for when, sentinel in (("before", noise.before), ("after", noise.after)):
        if sentinel is None or normal is None:
            continue
        for what, got, usual in (
            ("computing", sentinel.gflop_s, normal.gflop_s),
            ("reading memory", sentinel.read_gb_s, normal.read_gb_s),
        ):
            if abs(got / usual - 1.0) > limits.sentinel:
                return (
                    f"{when} it the host's speed in {what} was {got / usual - 1.0:+.0%} off this run's usual"
                )
    return ""


def is_noisy_host(invalid: int, blocks: int, limits: NoiseLimits = LIMITS) -> bool:
    """Whether so many of a run's blocks were invalid that its timings cannot be judged."""
    return blocks > 0 and invalid / blocks > limits.invalid_share
