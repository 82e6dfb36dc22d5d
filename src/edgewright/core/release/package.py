"""A package: a build in the form that a place where it runs expects, with what was checked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edgewright.core.decision.policy import Gate
from edgewright.core.decision.verdict import Verdict, judge
from edgewright.core.device.target import Limits
from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.core.recipe.artifact import FileDigest
from edgewright.reasons import Reason

PACKAGE_VERSION = 1
PACKAGE_NAME = "edgewright-package.json"
README_NAME = "README.md"


class Smoke(StrEnum):
    """What the smoke test of a package found."""

    EQUAL = "equal"
    NOT_RUN = "not_run"


@dataclass(frozen=True, kw_only=True)
class SmokeTest:
    """Whether the packaged files alone give the token ids that the build gives.

    ``prompts`` were continued by ``tokens`` ids each, in the run half of the ``toolchain`` with this digest. ``reason`` says why
    it was not run.
    """

    outcome: Smoke
    prompts: int = 0
    tokens: int = 0
    toolchain: str = ""
    toolchain_digest: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class Package:
    """The record of a package, stored in it as ``edgewright-package.json``.

    ``key`` and ``build`` name the build, and ``source`` the model as the user gave it; ``model`` is the path of the build's files in the package, empty where they are not
    there as files. ``values`` are sizes and what a run measured, by metric; ``budgets``
    the verdicts on sizes and memory that have a limit; ``gates`` those of the run, measured on ``device``. All are empty of a build without a run. ``reference`` is
    the digest under which a registry knows it. ``unverified`` lists what could not be tried on the machine that made it. ``directory`` is where it
    lies; it is not stored.
    """

    version: int = PACKAGE_VERSION
    kind: str
    name: str
    build: str
    key: str
    framework: str
    source: str = ""
    edgewright: str
    made_s: float
    files: tuple[FileDigest, ...]
    model: str = ""
    reference: str = ""
    target: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    budgets: tuple[Verdict, ...] = ()
    gates: tuple[Verdict, ...] = ()
    device: str = ""
    smoke: SmokeTest
    unverified: tuple[Reason, ...] = ()
    directory: str = ""


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """Limits in bytes: of what is downloaded, of what lies on disk, of the peak memory. None without a limit."""

    download_bytes: float | None = None
    disk_bytes: float | None = None
    peak_bytes: float | None = None

    def within(self, limits: Limits) -> Budgets:
        """The same under a target's limits too: the smaller one counts."""
        return Budgets(
            download_bytes=_least(self.download_bytes, limits.package_bytes),
            disk_bytes=_least(self.disk_bytes, limits.storage_bytes),
            peak_bytes=_least(self.peak_bytes, limits.memory_bytes),
        )

    def judge(self, values: Mapping[str, Value]) -> tuple[Verdict, ...]:
        """A verdict on each value that has a limit."""
        limits = {name: getattr(self, name) for name in ("download_bytes", "disk_bytes", "peak_bytes")}
        gates = [Gate(metric=name, at_most=limit) for name, limit in limits.items() if limit is not None]
        return tuple(judge(gate, values.get(gate.metric)) for gate in gates)


def _least(one: float | None, other: float | None) -> float | None:
    known = [limit for limit in (one, other) if limit is not None]
    return min(known) if known else None


def counted(metric: str, number: int, method: str) -> Value:
    """A number of bytes that was counted."""
    return Value(value=float(number), unit=METRICS[metric].unit, label=Label.MEASURED, method=method, n=1)
