"""GPUs and NPUs, each by the interface of its maker: NVML, the kernel's device classes, macOS."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path

from edgewright.core.host import Accelerator

_INTEL = "0x8086"


def accelerators() -> tuple[Accelerator, ...]:
    """What is found; an interface that is not there means none of its kind, never an error."""
    return (*_nvidia(), *_intel(), *_apple())


def _nvidia() -> list[Accelerator]:
    try:
        import pynvml  # noqa: PLC0415  # not installed on macOS
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        driver = _text(pynvml.nvmlSystemGetDriverVersion())
        found = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            found.append(
                Accelerator(
                    kind="GPU",
                    name=_text(pynvml.nvmlDeviceGetName(handle)),
                    vendor="NVIDIA",
                    memory_bytes=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
                    found_by="NVML",
                    driver=driver,
                )
            )
        return found
    finally:
        pynvml.nvmlShutdown()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _intel() -> list[Accelerator]:
    """Intel GPUs and NPUs by the kernel's device classes; the OpenVINO toolchain's own list names them in full."""
    found = []
    for kind, pattern in (("GPU", "drm/card[0-9]"), ("NPU", "accel/accel[0-9]")):
        for device in sorted(Path("/sys/class").glob(f"{pattern}/device")):
            vendor = device / "vendor"
            if vendor.exists() and vendor.read_text(encoding="ascii").strip() == _INTEL:
                name = f"Intel {kind} ({device.parent.name})"
                found.append(
                    Accelerator(kind=kind, name=name, vendor="Intel", memory_bytes=None, found_by="sysfs")
                )
    return found


def _apple() -> list[Accelerator]:
    if platform.system() != "Darwin":
        return []
    try:
        told = subprocess.run(
            ["system_profiler", "-json", "SPDisplaysDataType"], capture_output=True, timeout=20, check=False
        )
        cards = json.loads(told.stdout or b"{}").get("SPDisplaysDataType", [])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    return [
        Accelerator(
            kind="GPU",
            name=str(card.get("sppci_model", "Apple GPU")),
            vendor="Apple",
            memory_bytes=None,
            found_by="system_profiler",
            driver=str(card.get("spdisplays_mtlgpufamilysupport", "")),
        )
        for card in cards
    ]
