"""Is this host fit to measure on? Each finding has a fix that can be copied, where there is one."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil

from edgewright.core.device.host import Finding, Power

_WATCH_S = 1.0


def readiness(power: Power) -> tuple[Finding, ...]:
    """Governor, throttling, steal, swap, other load, power."""
    return (_governor(), _throttling(), *_load(), _swap(), _power(power))


def _governor() -> Finding:
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if not path.exists():
        return Finding(
            check="governor", status="ok", detail="the system does not expose a frequency governor"
        )
    governor = path.read_text(encoding="ascii").strip()
    if governor == "performance":
        return Finding(check="governor", status="ok", detail=governor)
    detail = f"{governor}: the clock may follow the load, and timings with it"
    return Finding(
        check="governor", status="warning", detail=detail, fix="sudo cpupower frequency-set -g performance"
    )


def _throttling() -> Finding:
    counts = Path("/sys/devices/system/cpu").glob("cpu*/thermal_throttle/core_throttle_count")
    total = sum(int(path.read_text(encoding="ascii")) for path in counts)
    if total:
        detail = f"{total} thermal throttling events since start"
        return Finding(check="throttling", status="warning", detail=detail, fix="let the machine cool down")
    return Finding(check="throttling", status="ok", detail="no thermal throttling is recorded")


def _load() -> tuple[Finding, ...]:
    """Steal and foreign load over one second; our own process sleeps meanwhile."""
    before = psutil.cpu_times()
    time.sleep(_WATCH_S)
    after = psutil.cpu_times()
    spent = {name: getattr(after, name) - getattr(before, name) for name in after._fields}
    total = sum(spent.values()) or 1.0
    steal = spent.get("steal", 0.0) / total
    busy = 1.0 - (spent.get("idle", 0.0) + spent.get("iowait", 0.0)) / total
    findings = [
        Finding(check="steal", status="ok", detail=f"{steal:.1%} of processor time taken by other guests")
    ]
    if steal > 0.01:
        fix = "measure at a quieter time, or on a dedicated machine"
        findings = [Finding(check="steal", status="warning", detail=findings[0].detail, fix=fix)]
    detail = f"{busy:.0%} of {os.cpu_count()} cores busy with other work"
    if busy > 0.05:
        findings.append(
            Finding(check="other load", status="warning", detail=detail, fix="ps aux --sort=-%cpu | head")
        )
    else:
        findings.append(Finding(check="other load", status="ok", detail=detail))
    return tuple(findings)


def _swap() -> Finding:
    swap = psutil.swap_memory()
    if swap.used > 64 * 1024**2:
        detail = f"{swap.used / 1e9:.1f} GB are swapped out"
        return Finding(check="swap", status="warning", detail=detail, fix="sudo swapoff -a && sudo swapon -a")
    return Finding(check="swap", status="ok", detail="nothing is swapped out" if swap.total else "no swap")


def _power(power: Power) -> Finding:
    if power.on_mains is False:
        detail = f"on battery ({power.battery_percent:.0f} %): the system saves power"
        return Finding(check="power", status="warning", detail=detail, fix="plug the machine in")
    return Finding(
        check="power", status="ok", detail="on mains" if power.on_mains else "no battery is reported"
    )
