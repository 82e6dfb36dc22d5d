"""Looks at this host: processor, accelerators, memory, power, network, and whether it is fit to measure on."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import psutil

from edgewright.core.device.host import HostFacts, Power
from edgewright.core.keys import digest
from edgewright.sites.local.children import usable_cores
from edgewright.sites.local.probe.accelerators import accelerators
from edgewright.sites.local.probe.cpu import read_cpu
from edgewright.sites.local.probe.readiness import readiness
from edgewright.sites.local.probe.surroundings import online, power, virtualization

__all__ = ["LocalProbe"]


class LocalProbe:
    """The `Probe` of this machine. ``brief`` leaves out what takes more than a moment (network, load)."""

    def __init__(self, disk: Path, *, offline: bool = False) -> None:
        self._disk = disk
        self._offline = offline

    def host(self, *, brief: bool = False) -> HostFacts:
        """Facts of this host."""
        cpu = read_cpu(usable_cores())
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        place = next(p for p in (self._disk, *self._disk.parents) if p.exists())
        source: Power = power()
        return HostFacts(
            device_id=digest(
                [platform.system(), cpu.model, cpu.architecture, cpu.usable_cores, memory.total]
            )[:16],
            system=platform.system(),
            release=platform.release(),
            python=platform.python_version(),
            cpu=cpu,
            memory_bytes=memory.total,
            available_memory_bytes=memory.available,
            swap_used_bytes=swap.used,
            free_disk_bytes=shutil.disk_usage(place).free,
            accelerators=accelerators(),
            power=source,
            online=False if brief or self._offline else online(),
            virtualization=virtualization(),
            readiness=() if brief else readiness(source),
        )

    def usable_cores(self) -> int:
        """Processor cores that a job may use."""
        return usable_cores()
