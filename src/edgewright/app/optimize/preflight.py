"""Before the hours: does this machine have the memory and the disk that the plan needs?"""

from __future__ import annotations

from edgewright.core.device.host import HostFacts
from edgewright.core.measurement.quantity import size
from edgewright.core.model.facts import Source
from edgewright.core.recipe.recipes import Plan
from edgewright.errors import ResourceError

_SCORED_BYTES = 4
"""The original is scored in float32."""


def preflight(source: Source, plan: Plan, host: HostFacts) -> None:
    """Compare estimates with the host.

    Raises:
        ResourceError: the original in float32 is larger than the memory, or the builds together than the free disk.
    """
    native = source.facts.gguf and source.facts.gguf.unmapped
    baseline = source.facts.weight_bytes if native else source.facts.parameters * _SCORED_BYTES
    if baseline > host.memory_bytes:
        raise ResourceError(
            f"Scoring the original needs about {size(baseline)} of memory; this machine has "
            f"{size(host.memory_bytes)}.",
            hint="Use a machine with more memory, or a smaller model.",
        )
    builds = sum(source.facts.parameters * recipe.nominal_bits / 8 for recipe in plan.candidates)
    if builds > host.free_disk_bytes:
        raise ResourceError(
            f"The builds need about {size(builds)} of disk space; {size(host.free_disk_bytes)} are free.",
            hint="Free space, set EDGEWRIGHT_HOME to a larger disk, or name fewer --frameworks.",
        )
