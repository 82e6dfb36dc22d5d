"""Memory where there is no /proc, and memory that is not the host's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence

METHOD = {
    "darwin": "lifetime maximum of the physical footprint of the process (proc_pid_rusage)",
    "win32": "peak working set of the process (GetProcessMemoryInfo)",
}


def peak_bytes() -> int:
    """Peak memory of this process so far, as its system counts it."""
    if sys.platform == "win32":
        return _windows_peak()
    if sys.platform == "darwin":
        return _footprint()
    import resource  # noqa: PLC0415  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def device_bytes(pids: Sequence[int]) -> int | None:
    """Bytes that these processes hold on NVIDIA devices, by the driver's own count; None where there is no driver."""
    if shutil.which("nvidia-smi") is None:
        return None
    query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, check=True, timeout=20, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    rows = (line.split(",") for line in answer.stdout.splitlines() if "," in line)
    held = [int(mib) * 2**20 for pid, mib in rows if int(pid) in pids and mib.strip().isdigit()]
    return sum(held) if held else None


def _footprint() -> int:
    """``ri_lifetime_max_phys_footprint`` of RUSAGE_INFO_V4: what Activity Monitor calls memory."""
    import ctypes  # noqa: PLC0415
    import os  # noqa: PLC0415

    fields = (ctypes.c_uint64 * 40)()  # 16 bytes of uuid, then 64-bit counters
    libproc = ctypes.CDLL("/usr/lib/libproc.dylib")
    if libproc.proc_pid_rusage(os.getpid(), 4, ctypes.byref(fields)):
        import resource  # noqa: PLC0415

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(fields[_LIFETIME_MAX_FOOTPRINT])


_LIFETIME_MAX_FOOTPRINT = 30
"""Index in 64-bit words: two of uuid, then the 29th counter of struct rusage_info_v4 (sys/resource.h)."""


def _windows_peak() -> int:
    import ctypes  # noqa: PLC0415
    from ctypes import wintypes  # noqa: PLC0415

    class Counters(ctypes.Structure):
        _fields_ = (
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            *(
                (name, ctypes.c_size_t)
                for name in ("PeakWorkingSetSize", "WorkingSetSize", "a", "b", "c", "d", "e", "f")
            ),
        )

    counters = Counters()
    windll: object = getattr(ctypes, "windll")  # noqa: B009  # exists on Windows only
    handle = windll.kernel32.GetCurrentProcess()  # type: ignore[attr-defined]
    windll.psapi.GetProcessMemoryInfo(handle, ctypes.byref(counters), ctypes.sizeof(counters))  # type: ignore[attr-defined]
    return int(counters.PeakWorkingSetSize)
