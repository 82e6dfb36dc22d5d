"""Timed requests in this fresh process, and its peak memory. No sampler runs meanwhile."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edgewright.core.jobs import Progress
from edgewright.core.measurement import Block, Request, Workload
from edgewright.ports import Session, Tell

_WARMUP_TOKENS = 8


def bench(open_session: Callable[[], Session], ids: Sequence[int], workload: Workload, tell: Tell) -> Block:
    """Open a session and time greedy requests; warm-up requests are not kept, and their time does not count.

    Once ``workload.limit_s`` is spent no request is begun or goes on, unless a p95 still lacks latencies.
    """
    started = time.perf_counter()
    session = open_session()
    load_s = time.perf_counter() - started
    for _ in range(workload.warmup):
        tell(Progress(message="warming up"))
        for _ in session.generate(ids, min(_WARMUP_TOKENS, workload.decode_tokens)):
            pass
    deadline = time.perf_counter() + workload.limit_s
    requests: list[Request] = []
    while len(requests) < workload.requests or _latencies(requests) < workload.min_latencies:
        lacking = workload.min_latencies - _latencies(requests)
        if requests and lacking <= 0 and time.perf_counter() > deadline:
            break
        tell(Progress(message=f"timing request {len(requests) + 1}"))
        requests.append(_request(session, ids, workload.decode_tokens, deadline, lacking))
    peak_bytes, method = peak_memory()
    block = Block(
        load_s=load_s,
        requests=tuple(requests),
        peak_bytes=peak_bytes,
        peak_method=method,
        placement=session.placement,
    )
    session.close()
    return block


def _latencies(requests: Sequence[Request]) -> int:
    return sum(len(request.token_times_ms) - 1 for request in requests)


def _request(session: Session, ids: Sequence[int], tokens: int, deadline: float, lacking: int) -> Request:
    """One request; past the deadline it ends once it has brought the ``lacking`` latencies."""
    times: list[float] = []
    out: list[int] = []
    started = time.perf_counter()
    for token in session.generate(ids, tokens):
        now = time.perf_counter()
        times.append((now - started) * 1000.0)
        out.append(token)
        if now > deadline and len(out) > max(lacking, 1):
            break
    return Request(prompt_tokens=len(ids), token_times_ms=tuple(times), token_ids=tuple(out))


def peak_memory() -> tuple[int, str]:
    """Peak resident bytes of this process so far, and how they were read."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024, "peak resident set of the process (VmHWM)"
    if sys.platform == "win32":
        return _windows_peak()
    import resource  # noqa: PLC0415  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    scale = 1 if sys.platform == "darwin" else 1024
    return peak * scale, "peak resident set of the process (getrusage)"


def _windows_peak() -> tuple[int, str]:
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
    return int(counters.PeakWorkingSetSize), "peak working set of the process (GetProcessMemoryInfo)"
