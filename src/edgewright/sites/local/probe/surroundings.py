"""Power source, connectivity and virtualization."""

from __future__ import annotations

import contextlib
import platform
import socket
import subprocess
from pathlib import Path

import psutil

from edgewright.core.device.host import Power

_HUB = ("huggingface.co", 443)


def power() -> Power:
    """Mains or battery, as the system says; a machine without a battery says nothing."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is None:
        return Power(on_mains=None, battery_percent=None)
    return Power(on_mains=battery.power_plugged, battery_percent=round(float(battery.percent), 1))


def online() -> bool:
    """Whether the model hub answers a connection."""
    try:
        with socket.create_connection(_HUB, timeout=2.0):
            return True
    except OSError:
        return False


def virtualization() -> str:
    """What this system runs in: ``none`` where nothing is known of a hypervisor or container."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # without systemd the marks below tell
        told = subprocess.run(["systemd-detect-virt"], capture_output=True, text=True, timeout=5, check=False)
        if told.stdout.strip():
            return told.stdout.strip()
    if Path("/.dockerenv").exists():
        return "docker"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and " hypervisor" in cpuinfo.read_text(encoding="utf-8", errors="replace"):
        product = Path("/sys/class/dmi/id/product_name")
        return (
            f"virtual machine ({product.read_text(encoding='ascii').strip()})"
            if product.exists()
            else "virtual machine"
        )
    if platform.system() == "Darwin":
        told = subprocess.run(
            ["sysctl", "-n", "kern.hv_vmm_present"], capture_output=True, text=True, check=False
        )
        return "virtual machine" if told.stdout.strip() == "1" else "none"
    return "none"
