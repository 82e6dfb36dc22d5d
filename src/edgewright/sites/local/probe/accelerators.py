"""GPUs and NPUs, each by the interface of its maker: NVML, the kernel's device classes, macOS."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path

from edgewright.core.device.host import Accelerator

_MAKERS = {"0x8086": "Intel", "0x1002": "AMD"}
"""PCI's numbers of those that the kernel's device classes are asked for."""


def accelerators() -> tuple[Accelerator, ...]:
    """What is found; an interface that is not there means none of its kind, never an error."""
    return (*_nvidia(), *by_device_class(), *_apple())


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


def by_device_class(classes: Path = Path("/sys/class")) -> list[Accelerator]:
    """GPUs and NPUs of Intel and AMD by the kernel's device classes; a toolchain's own list names them in full."""
    found = []
    for kind, pattern in (("GPU", "drm/card[0-9]"), ("NPU", "accel/accel[0-9]")):
        for device in sorted(classes.glob(f"{pattern}/device")):
            vendor = device / "vendor"
            maker = _MAKERS.get(vendor.read_text(encoding="ascii").strip()) if vendor.exists() else None
            if maker:
                name = f"{maker} {kind} ({device.parent.name})"
                found.append(
                    Accelerator(kind=kind, name=name, vendor=maker, memory_bytes=None, found_by="sysfs")
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
