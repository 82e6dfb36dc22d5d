"""Fakes of the ports, and conformance suites that adapters and third-party backends can run against themselves."""

from edgewright.testing.conformance import BackendConformance, StoreConformance
from edgewright.testing.fake_frameworks import FakeBackend, FakeRunner
from edgewright.testing.fake_site import (
    HOST,
    FakeProbe,
    FakeRuns,
    FakeSession,
    FakeSessions,
    FolderStore,
    fake_context,
)
from edgewright.testing.fakes import (
    FakeClock,
    FakeFiles,
    FakeToolchains,
    MemoryJournal,
    RecordingReporter,
)
from edgewright.testing.packager_conformance import PackagerConformance
from edgewright.testing.samples import block, facts, scores
from edgewright.testing.task_conformance import TaskConformance

__all__ = [
    "HOST",
    "BackendConformance",
    "FakeBackend",
    "FakeClock",
    "FakeFiles",
    "FakeProbe",
    "FakeRunner",
    "FakeRuns",
    "FakeSession",
    "FakeSessions",
    "FakeToolchains",
    "FolderStore",
    "MemoryJournal",
    "PackagerConformance",
    "RecordingReporter",
    "StoreConformance",
    "TaskConformance",
    "block",
    "facts",
    "fake_context",
    "scores",
]
