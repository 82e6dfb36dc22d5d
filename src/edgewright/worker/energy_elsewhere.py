"""Energy counters of NVIDIA's driver and of macOS."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from edgewright.worker.energy_counters import ACCELERATOR, PROCESSOR, Counter, Found, Joules

_GPU = frozenset({ACCELERATOR})


def _nvml() -> Any:
    return ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")


def nvidia(load: Callable[[], Any] = _nvml) -> Found:
    """The driver's total energy of each GPU, in mJ since it was loaded (Volta and later)."""
    try:
        nvml = load()
        count = ctypes.c_uint()
        if nvml.nvmlInit_v2() or nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)):
            return Found(lack="NVIDIA's driver does not answer")
        readers = [_gpu(nvml, index) for index in range(count.value)]
    except OSError:
        return Found(lack="no NVIDIA driver")
    except AttributeError:  # ctypes' word for a symbol that the library lacks
        return Found(lack="NVIDIA's driver is too old to count energy")
    counters = tuple(
        Counter(scope=f"GPU {index} (NVML)", read=read, covers=_GPU)
        for index, read in enumerate(readers)
        if read is not None
    )
    return Found(counters=counters, lack="" if counters else "no NVIDIA GPU that counts its energy")


def _gpu(nvml: Any, index: int) -> Joules | None:
    handle = ctypes.c_void_p()
    total_energy = nvml.nvmlDeviceGetTotalEnergyConsumption
    if nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)):
        return None

    def read() -> float:
        total = ctypes.c_ulonglong()
        if status := total_energy(handle, ctypes.byref(total)):
            raise OSError(f"NVML returned {status}")
        return total.value / 1e3

    try:
        read()
    except OSError:
        return None
    return read


_BILLED_ENERGY = 33
"""Index of ``ri_billed_energy`` (nJ) in 64-bit words of struct rusage_info_v4 (``sys/resource.h``)."""


def _billed() -> float:
    """What macOS bills this process for, in joules; 0 where it does not."""
    fields = (ctypes.c_uint64 * 40)()
    libproc = ctypes.CDLL("/usr/lib/libproc.dylib")
    failed = libproc.proc_pid_rusage(os.getpid(), 4, ctypes.byref(fields))
    return 0.0 if failed else fields[_BILLED_ENERGY] / 1e9


_COMMAND = ("powermetrics", "--samplers", "cpu_power,gpu_power", "-i", "1000", "-b", "0")
_POWER = re.compile(r"^(CPU|GPU) Power: (\d+) mW", re.MULTILINE)
_ELAPSED = re.compile(r"\(([\d.]+)ms elapsed\)")


def _powermetrics() -> Counter:
    """A sampler beside us, once a second; its file is read before and after the requests only."""
    output = tempfile.TemporaryFile("w+b")  # noqa: SIM115  # open as long as the counter
    process = subprocess.Popen(_COMMAND, stdout=output, stderr=subprocess.DEVNULL)

    def read() -> float:
        if process.poll() is not None:
            raise OSError("powermetrics ended")
        output.flush()
        return joules_of(os.pread(output.fileno(), 1 << 24, 0).decode(errors="replace"))

    def end() -> None:
        process.terminate()
        process.wait()
        output.close()

    scope = "processor and GPU of this machine (powermetrics, samples of 1 s)"
    return Counter(scope=scope, read=read, covers=frozenset({PROCESSOR, ACCELERATOR}), end=end)


def joules_of(text: str) -> float:
    """The energy of all samples in what `powermetrics` printed; both samplers name the GPU, and it counts once."""
    total = 0.0
    for sample in text.split("*** Sampled system activity")[1:]:
        elapsed = _ELAPSED.search(sample)
        milliwatts = sum(int(power) for power in dict(_POWER.findall(sample)).values())
        total += milliwatts / 1e3 * float(elapsed[1]) / 1e3 if elapsed else 0.0
    return total


def apple(*, root: bool, billed: Joules = _billed, sampler: Callable[[], Counter] = _powermetrics) -> Found:
    """Processor and GPU of the whole machine where we are ``root``, else the processor's part of this process."""
    if root:
        with suppress(OSError):
            return Found(counters=(sampler(),))
    lack = "powermetrics, which counts the GPU too, needs root"
    try:
        billing = billed() > 0
    except OSError:
        billing = False
    if not billing:
        return Found(lack=f"macOS reports no energy for this process; {lack}")
    scope = "processor energy of this process, as macOS reports it"
    return Found(counters=(Counter(scope=scope, read=billed, idles=False),), lack=lack)
