"""What a process holds in memory, by parts; which figure stands for it, and when a reading cannot be believed."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.reasons import Reason, because


@dataclass(frozen=True, kw_only=True)
class MemoryPhase:
    """Memory of the block's processes at the end of one phase, and the peak within it, in bytes.

    ``anonymous``, ``file`` and ``shared`` are resident and add up to the resident set; ``weights`` is the part of
    ``file`` that maps the artifact's own files. ``peak`` is the highest resident set within the phase. Parts are None
    where the system does not split them.
    """

    phase: str
    peak: int
    anonymous: int | None = None
    file: int | None = None
    shared: int | None = None
    weights: int | None = None

    @property
    def resident(self) -> int | None:
        """The resident set at the end of the phase."""
        if self.anonymous is None or self.file is None or self.shared is None:
            return None
        return self.anonymous + self.file + self.shared

    @property
    def held(self) -> int:
        """The phase's peak without resident file pages that hold no weights: those are shared library code."""
        libraries = (self.file or 0) - (self.weights or 0)
        return max(self.peak - libraries, 0)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """The phases of one block, how the weights were loaded, and the accelerator's own memory where there is one."""

    phases: tuple[MemoryPhase, ...]
    load_mode: str
    method: str
    device_peak: int | None = None

    @property
    def peak_bytes(self) -> int:
        """The headline: the highest `MemoryPhase.held` of all phases, the accelerator's memory added."""
        return max(phase.held for phase in self.phases) + (self.device_peak or 0)


def inconsistency(memory: Memory, weight_bytes: int, *, untouched_bytes: int = 0) -> Reason | None:
    """Why a reading cannot be the memory that the build needs; None where it can.

    After decoding every weight has been read, except rows of an embedding that is not also the output
    (``untouched_bytes``): a resident set below that means that the system took pages back.
    """
    if memory.device_peak:
        return None
    last = memory.phases[-1]
    resident = last.resident
    needed = weight_bytes - untouched_bytes
    if resident is not None and resident < needed:
        return because("pages_reclaimed", resident=resident, needed=needed)
    return None
