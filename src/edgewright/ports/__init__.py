"""The interfaces between decisions and the outside. Adapters are in backends/, evaluators/, sites/, inputs/ and testing/."""

from edgewright.ports.backend import Backend
from edgewright.ports.child import (
    Ask,
    BatchSession,
    BuildSmokeWorker,
    EnergyModelWorker,
    HarnessWorker,
    ProfilingWorker,
    Session,
    SourceWorker,
    TaskModule,
    Tell,
    TracingWorker,
    TypeTimingWorker,
    Worker,
)
from edgewright.ports.context import Context, JobFailed
from edgewright.ports.parent import Clock, JobRunner, Journal, Reporter, Toolchains
from edgewright.ports.quiet import Quiet
from edgewright.ports.site import LiveSession, Probe, Runs, Sessions, Site
from edgewright.ports.storage import Files, Store, Tokenizer

__all__ = [
    "Ask",
    "Backend",
    "BatchSession",
    "BuildSmokeWorker",
    "Clock",
    "Context",
    "EnergyModelWorker",
    "Files",
    "HarnessWorker",
    "JobFailed",
    "JobRunner",
    "Journal",
    "LiveSession",
    "Probe",
    "ProfilingWorker",
    "Quiet",
    "Reporter",
    "Runs",
    "Session",
    "Sessions",
    "Site",
    "SourceWorker",
    "Store",
    "TaskModule",
    "Tell",
    "Tokenizer",
    "Toolchains",
    "TracingWorker",
    "TypeTimingWorker",
    "Worker",
]
