"""What the host did while a block was timed: kernel counters before and after it, and a sentinel around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgewright.core.measurement.noise import Noise, Sentinel
from edgewright.core.prediction.roofline import Capability
from edgewright.errors import ResourceError

_SENTINEL = Path(__file__).with_name("sentinel.py")
_CPU = Path("/sys/devices/system/cpu")


_CAPABILITY = Path(__file__).with_name("capability.py")

_CORES = frozenset(
    os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
)
"""The cores that this process may use, before a framework pins its threads; what runs on others is not its business."""


def sentinel() -> Sentinel | None:
    """Run the fixed work in a process of its own, so that no framework's threads or settings touch it."""
    answer = _alone(_SENTINEL)
    return None if answer is None else Sentinel(**answer)


def capability() -> Capability:
    """What this host can do at best, measured in processes of their own.

    Raises:
        ResourceError: they could not be run.
    """
    answer = _alone(_CAPABILITY)
    if answer is None:
        raise ResourceError("The host's bandwidth could not be measured.", hint="Free memory and try again.")
    return Capability(**answer)


def _alone(program: Path) -> Any:
    """The JSON that a program of this folder prints, run by this Python without its packages' settings."""
    threads = os.environ.get("EDGEWRIGHT_THREADS") or str(os.cpu_count() or 1)
    limits = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), threads
    )
    try:
        answer = subprocess.run(
            [sys.executable, "-I", str(program)],
            env={**os.environ, **limits},
            capture_output=True,
            check=True,
            timeout=120,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return json.loads(answer.stdout)


@dataclass(frozen=True)
class _Counters:
    """One look at the kernel; None where it does not tell."""

    at_s: float
    own_cpu_s: float
    busy_s: float | None
    steal_s: float | None
    pressure_us: int | None
    involuntary: int | None
    throttled: int | None
    swapped_in: int | None


class HostWatch:
    """Counters from now until `noise` is asked for."""

    def __init__(self) -> None:
        self._start = _look()
        self.own_cpu_s = 0.0

    def noise(self) -> Noise:
        """The host since this watch was made."""
        end, start = _look(), self._start
        wall = end.at_s - start.at_s
        self.own_cpu_s = end.own_cpu_s - start.own_cpu_s
        capacity = wall * len(_CORES)
        foreign = None
        if end.busy_s is not None and start.busy_s is not None:
            foreign = max((end.busy_s - start.busy_s - self.own_cpu_s) / capacity, 0.0)
        steal = _difference(end.steal_s, start.steal_s)
        pressure = _difference(end.pressure_us, start.pressure_us)
        return Noise(
            wall_s=wall,
            steal=None if steal is None else steal / capacity,
            foreign_cpu=foreign,
            pressure=None if pressure is None else pressure / 1e6 / wall,
            involuntary_switches=_whole(_difference(end.involuntary, start.involuntary)),
            mhz=_mhz(),
            throttled=_whole(_difference(end.throttled, start.throttled)),
            swapped_in_pages=_whole(_difference(end.swapped_in, start.swapped_in)),
        )

    def with_sentinels(self, noise: Noise, before: Sentinel | None, after: Sentinel | None) -> Noise:
        """The noise with what the sentinels said."""
        return replace(noise, before=before, after=after)


def _difference(end: float | None, start: float | None) -> float | None:
    return None if end is None or start is None else end - start


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _look() -> _Counters:
    times = os.times()
    busy, steal = _cpu_times()
    return _Counters(
        at_s=time.perf_counter(),
        own_cpu_s=times.user + times.system + times.children_user + times.children_system,
        busy_s=busy,
        steal_s=steal,
        pressure_us=_pressure_us(),
        involuntary=_involuntary(),
        throttled=_throttled(),
        swapped_in=_table("/proc/vmstat").get("pswpin"),
    )


def _cpu_times() -> tuple[float | None, float | None]:
    """Seconds in which usable cores were busy, and seconds stolen from them, since boot (Linux)."""
    mine = {f"cpu{core}" for core in _CORES}
    rows = [line.split() for line in _read("/proc/stat").splitlines() if line.partition(" ")[0] in mine]
    if not rows or any(len(row) < 9 for row in rows):
        return None, None
    user, nice, system, _, _, irq, softirq, steal = (
        sum(int(row[column]) for row in rows) for column in range(1, 9)
    )
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / tick, steal / tick


def _pressure_us() -> int | None:
    for line in _read("/proc/pressure/cpu").splitlines():
        if line.startswith("some"):
            return int(line.rpartition("=")[2])
    return None


def _involuntary() -> int | None:
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def _throttled() -> int | None:
    counts = [_read(path) for path in _CPU.glob("cpu[0-9]*/thermal_throttle/core_throttle_count")]
    numbers = [int(text) for text in counts if text.strip().isdigit()]
    return sum(numbers) if numbers else None


def _mhz() -> float | None:
    """The mean clock of the cores, as the kernel tells it at this moment."""
    khz = [_read(path).strip() for path in _CPU.glob("cpu[0-9]*/cpufreq/scaling_cur_freq")]
    rates = [int(text) / 1000.0 for text in khz if text.isdigit()]
    if not rates:
        lines = _read("/proc/cpuinfo").splitlines()
        rates = [float(line.rpartition(":")[2]) for line in lines if line.startswith("cpu MHz")]
    return sum(rates) / len(rates) if rates else None


def _table(path: str) -> Mapping[str, int]:
    rows = (line.split() for line in _read(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
