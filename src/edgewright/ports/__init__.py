"""The interfaces between decisions and the world. Adapters live in backends/, evaluators/, runtime/ and testing/."""

from edgewright.ports.child import (
    Ask,
    BatchSession,
    EnergyModelWorker,
    HarnessWorker,
    ProfilingWorker,
    Session,
    SourceWorker,
    Tell,
    TracingWorker,
    TypeTimingWorker,
    Worker,
)
from edgewright.ports.parent import (
    Backend,
    Clock,
    Files,
    JobRunner,
    Journal,
    Reporter,
    Store,
    Tokenizer,
    Toolchains,
)
from edgewright.ports.workshop import JobFailed, Workshop

__all__ = [
    "Ask",
    "Backend",
    "BatchSession",
    "Clock",
    "EnergyModelWorker",
    "Files",
    "HarnessWorker",
    "JobFailed",
    "JobRunner",
    "Journal",
    "ProfilingWorker",
    "Reporter",
    "Session",
    "SourceWorker",
    "Store",
    "Tell",
    "Tokenizer",
    "Toolchains",
    "TracingWorker",
    "TypeTimingWorker",
    "Worker",
    "Workshop",
]
