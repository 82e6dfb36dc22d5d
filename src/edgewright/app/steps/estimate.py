"""A model's estimate of the energy of a finished block, where the machine has no counter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewright.core.device.toolchain import ToolchainSpec
from edgewright.core.jobs.requests import EstimateJob
from edgewright.core.jobs.results import EstimateResult, Failure
from edgewright.core.measurement.energy import EnergySource, no_energy, on_processor
from edgewright.core.measurement.records import Block
from edgewright.ports import Context


def estimate(context: Context, model: ToolchainSpec, block: Block, log: Path) -> Block:
    """The block with an estimate where it has no measured energy; a model of processors says nothing of other devices.

    The model runs after the block, so it cannot disturb it.
    """
    if block.energy is not None and block.energy.source is not EnergySource.NONE:
        return block
    device = block.placement.device
    if not on_processor(device):
        return replace(block, energy=no_energy(f"{model.title} models processors, and this ran on {device}"))
    job = EstimateJob(
        worker=model.worker,
        cpu_s=block.cpu_s,
        seconds=block.noise.wall_s,
        resident_bytes=max(phase.peak for phase in block.memory.phases),
    )
    result = context.ask(model, job, EstimateResult, log=log)
    if isinstance(result, Failure):
        return replace(block, energy=no_energy(f"{model.title} failed: {result.reason}"))
    why = block.energy.reason if block.energy else ""
    return replace(block, energy=replace(result.energy, reason=why))
