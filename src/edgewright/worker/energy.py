"""Energy counters of this machine, read before and after: RAPL, NVIDIA's driver, Apple's own accounting of a process."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgewright.core.energy import Energy, EnergySource

_RAPL = Path("/sys/class/powercap")
_IDLE_S = 5.0

Joules = Callable[[], float]


@dataclass(frozen=True)
class Counter:
    """Something that counts joules; ``wraps_at`` is where it begins again, ``idles`` whether it counts idle power too."""

    scope: str
    read: Joules
    wraps_at: float | None = None
    idles: bool = True


def counters() -> list[Counter]:
    """Those that this machine lets us read."""
    return [*_rapl(), *_nvidia(), *_apple()]


def absent() -> Energy:
    """What is said where there is none."""
    if any(_RAPL.glob("intel-rapl:*")):
        why = "the RAPL counters can be read by root only"
    elif sys.platform == "linux":
        why = "no RAPL counter (virtual machines have none) and no NVIDIA driver"
    else:
        why = "this system has no counter that can be read"
    return Energy(source=EnergySource.NONE, scope="none", reason=why)


class EnergyWatch:
    """Reads idle power first, then the joules from `begin` to `end`."""

    def __init__(self) -> None:
        self._counters = counters()
        self._idle_w = self._power(_IDLE_S) if any(c.idles for c in self._counters) else None
        self._start: list[float] = []
        self._began = 0.0

    def _power(self, seconds: float) -> float:
        before = [c.read() for c in self._counters]
        began = time.monotonic()
        time.sleep(seconds)
        after = [c.read() for c in self._counters]
        return _used(self._counters, before, after) / (time.monotonic() - began)

    def begin(self) -> None:
        """The work begins."""
        self._start = [c.read() for c in self._counters]
        self._began = time.monotonic()

    def end(self) -> Energy:
        """The work has ended."""
        if not self._counters:
            return absent()
        now = [c.read() for c in self._counters]
        return Energy(
            source=EnergySource.COUNTER,
            scope=" and ".join(c.scope for c in self._counters),
            joules=_used(self._counters, self._start, now),
            idle_w=self._idle_w,
            seconds=time.monotonic() - self._began,
        )


def _used(counted: list[Counter], before: list[float], after: list[float]) -> float:
    total = 0.0
    for counter, low, high in zip(counted, before, after, strict=True):
        total += high - low if high >= low else high - low + (counter.wraps_at or 0.0)
    return total


def _rapl() -> list[Counter]:
    """Packages and DRAM; cores and uncore are parts of the package."""
    found = []
    for zone in sorted(_RAPL.glob("intel-rapl:*")):
        try:
            name = (zone / "name").read_text(encoding="ascii").strip()
            wraps = int((zone / "max_energy_range_uj").read_text(encoding="ascii")) / 1e6
            int((zone / "energy_uj").read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
        if name.startswith("package") or name == "dram":
            read = _reader(zone / "energy_uj")
            found.append(Counter(scope=f"RAPL {name}", read=read, wraps_at=wraps))
    return found


def _reader(path: Path) -> Joules:
    return lambda: int(path.read_text(encoding="ascii")) / 1e6


def _nvidia() -> list[Counter]:
    """The driver's total energy of each GPU, in mJ since it was loaded (Volta and later)."""
    try:
        nvml = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
        if nvml.nvmlInit_v2():
            return []
    except OSError:
        return []
    count = ctypes.c_uint()
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    found = []
    for index in range(count.value):
        handle, total = ctypes.c_void_p(), ctypes.c_ulonglong()
        nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle))
        if nvml.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(total)):
            continue
        found.append(Counter(scope=f"GPU {index} (NVML)", read=_nvml_reader(nvml, handle)))
    return found


def _nvml_reader(nvml: ctypes.CDLL, handle: ctypes.c_void_p) -> Joules:
    def read() -> float:
        total = ctypes.c_ulonglong()
        nvml.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(total))
        return total.value / 1e3

    return read


_BILLED_ENERGY = 33
"""Index of ``ri_billed_energy`` (nJ) in 64-bit words of struct rusage_info_v4."""


def _apple() -> list[Counter]:
    """What macOS bills this process for; `powermetrics` would tell the machine's power, but only to root."""
    if sys.platform != "darwin":
        return []
    libproc = ctypes.CDLL("/usr/lib/libproc.dylib")

    def read() -> float:
        fields = (ctypes.c_uint64 * 40)()
        libproc.proc_pid_rusage(os.getpid(), 4, ctypes.byref(fields))
        return fields[_BILLED_ENERGY] / 1e9

    return [Counter(scope="this process, as macOS bills it", read=read, idles=False)] if read() > 0 else []
