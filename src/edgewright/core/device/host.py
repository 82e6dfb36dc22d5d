"""A host as the doctor saw it: facts, with a fix for each lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """A processor; ``features`` are those of the instruction sets that matter here which it has."""

    model: str
    architecture: str
    vendor: str
    physical_cores: int
    logical_cores: int
    usable_cores: int
    features: tuple[str, ...]
    max_mhz: float | None = None
    last_level_cache_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """A GPU or NPU; ``found_by`` names the interface that reported it."""

    kind: str
    name: str
    vendor: str
    memory_bytes: int | None
    found_by: str
    driver: str = ""


@dataclass(frozen=True, kw_only=True)
class Power:
    """Energy source; None means the system does not say."""

    on_mains: bool | None
    battery_percent: float | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing the doctor looked at: ``ok``, ``warning`` or ``problem``, and a command that mends it."""

    check: str
    status: str
    detail: str
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class HostFacts:
    """This machine. ``device_id`` names hardware, system and core set: measurements are comparable only within one."""

    device_id: str
    system: str
    release: str
    python: str
    cpu: Cpu
    memory_bytes: int
    available_memory_bytes: int
    swap_used_bytes: int
    free_disk_bytes: int
    accelerators: tuple[Accelerator, ...]
    power: Power
    online: bool
    virtualization: str
    readiness: tuple[Finding, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def meets(self, conditions: Sequence[str]) -> bool:
        """Whether every ``key=value`` condition holds.

        The keys are ``system``, ``architecture`` and ``vendor`` (of the processor), and ``GPU`` and ``NPU``, whose value is
        the maker of one, or ``any``.
        """
        facts = {
            f"system={self.system}",
            f"architecture={self.cpu.architecture}",
            f"vendor={self.cpu.vendor}",
            *(f"{one.kind}={maker}" for one in self.accelerators for maker in (one.vendor, "any")),
        }
        return facts.issuperset(conditions)
