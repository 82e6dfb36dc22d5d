"""codecarbon's half: its power of this processor and of memory, applied to what a block used.

codecarbon's process mode adds, once a second, (power of the processor) x (share of all cores' time) and the power of
memory. Both are linear, so the sum over a block can be had afterwards from the block's own counters: the same joules (its
tracker's own, within 1 %), and no process that samples beside the measurement. No tracker is made, so nothing is sent.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgewright.core.jobs.requests import EstimateJob
from edgewright.core.jobs.results import SmokeResult
from edgewright.core.measurement.energy import Energy, EnergySource

if TYPE_CHECKING:
    from codecarbon.core.cpu import TDP


class CodecarbonWorker:
    """See `edgewright.ports.EnergyModelWorker`."""

    def smoke(self, scratch: Path) -> SmokeResult:
        """A processor that works for a second uses something."""
        del scratch
        from codecarbon import __version__

        job = EstimateJob(worker="", cpu_s=1.0, seconds=1.0, resident_bytes=1_000_000_000)
        if not (self.estimate(job).joules or 0.0) > 0.0:
            raise ArithmeticError("the estimate for one busy second was zero")
        return SmokeResult(versions={"codecarbon": str(__version__)}, devices=())

    def estimate(self, job: EstimateJob) -> Energy:
        """See `EnergyModelWorker.estimate`."""
        from codecarbon import __version__
        from codecarbon.core.cpu import TDP
        from codecarbon.core.util import count_cpus, count_physical_cpus
        from codecarbon.external.hardware import POWER_CONSTANT

        tdp = TDP()
        processor_w = tdp.tdp * count_physical_cpus() if tdp.tdp else POWER_CONSTANT
        memory_w = _memory_w(job.resident_bytes)
        processor_j = processor_w * job.cpu_s / count_cpus()
        memory_j = memory_w * job.seconds
        return Energy(
            source=EnergySource.MODEL,
            scope=(
                f"TDP model of the processor ({_told(tdp)}: {processor_w:.0f} W x this process' share of "
                f"{count_cpus()} threads, {processor_j:.0f} J) and {memory_w:.0f} W for memory ({memory_j:.0f} J) "
                f"by codecarbon {__version__}"
            ),
            joules=processor_j + memory_j,
            seconds=job.seconds,
        )


def _told(tdp: TDP) -> str:
    """The processor, and whether codecarbon's table has it: else it takes the same power a thread for all."""
    known = tdp._get_cpu_power_from_registry(tdp.model)  # noqa: SLF001  # no public name; the version is pinned
    return str(tdp.model) if known else f"{tdp.model}, which is not in its table"


def _memory_w(resident_bytes: int) -> float:
    from codecarbon.external.ram import B_TO_GB, RAM

    class OfBlock(RAM):  # type: ignore[misc]  # codecarbon is untyped here
        """The memory of a process that has ended."""

        process_memory_GB = resident_bytes / B_TO_GB  # noqa: N815  # codecarbon's name

    return float(OfBlock(tracking_mode="process").total_power().W)


WORKER = CodecarbonWorker()
