"""What a child process says to its parent: events while it works, and exactly one result or failure at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from edgewright.core.jobs.conversation import LikelihoodResult, Question
from edgewright.core.jobs.harness import HarnessResult
from edgewright.core.measurement.energy import Energy
from edgewright.core.measurement.operators import OperatorProfile
from edgewright.core.measurement.records import Block, Scores
from edgewright.core.prediction.roofline import Capability
from edgewright.core.recipe.sensitivity import Curve
from edgewright.errors import (
    EdgewrightError,
    InputError,
    OfflineError,
    ResourceError,
    UnsupportedError,
    WorkerError,
)


@dataclass(frozen=True, kw_only=True)
class SmokeResult:
    """A toolchain that works: the versions that answered, and the devices the framework sees."""

    kind: Literal["smoke"] = "smoke"
    versions: Mapping[str, str]
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceResult:
    """A portable source directory was written. ``notes`` go into the report.

    ``largest_weight`` is the largest magnitude among its weights.
    """

    kind: Literal["source"] = "source"
    notes: tuple[str, ...] = ()
    largest_weight: float = 0.0


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """An artifact was written: the files that hold weights (relative paths), tool versions, and what to know."""

    kind: Literal["build"] = "build"
    weight_files: tuple[str, ...]
    tools: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TaskResult:
    """What a task's own step found: ``scores`` in JSON's types, which the task reads as its record."""

    kind: Literal["task-result"] = "task-result"
    scores: Any


@dataclass(frozen=True, kw_only=True)
class ScoreResult:
    """The scores of a `ScoreJob`."""

    kind: Literal["score"] = "score"
    scores: Scores


@dataclass(frozen=True, kw_only=True)
class BenchResult:
    """The block of a `BenchJob`."""

    kind: Literal["bench"] = "bench"
    block: Block


@dataclass(frozen=True, kw_only=True)
class ProfileResult:
    """The operators of a `ProfileJob`."""

    kind: Literal["profile"] = "profile"
    profile: OperatorProfile


@dataclass(frozen=True, kw_only=True)
class TraceResult:
    """The file of a `TraceJob` was written, with so many ``layers``."""

    kind: Literal["trace"] = "trace"
    layers: int


@dataclass(frozen=True, kw_only=True)
class TypeSpeedResult:
    """Seconds that one weight of each type takes in decoding one token, on this host with all its usable cores."""

    kind: Literal["type_speed"] = "type_speed"
    seconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class CapabilityResult:
    """What the host can do."""

    kind: Literal["capability"] = "capability"
    capability: Capability


@dataclass(frozen=True, kw_only=True)
class SensitivityResult:
    """One curve for each group of a `SensitivityJob`."""

    kind: Literal["sensitivity"] = "sensitivity"
    curves: tuple[Curve, ...]


@dataclass(frozen=True, kw_only=True)
class EstimateResult:
    """What the model of an `EstimateJob` says."""

    kind: Literal["estimate"] = "estimate"
    energy: Energy


@dataclass(frozen=True, kw_only=True)
class TokenizeResult:
    """One list of token ids per text."""

    kind: Literal["tokenize"] = "tokenize"
    ids: tuple[tuple[int, ...], ...]


Result = (
    SmokeResult
    | SourceResult
    | BuildResult
    | ScoreResult
    | BenchResult
    | ProfileResult
    | TraceResult
    | TypeSpeedResult
    | CapabilityResult
    | SensitivityResult
    | EstimateResult
    | TokenizeResult
    | LikelihoodResult
    | HarnessResult
    | TaskResult
)


class FailureKind(StrEnum):
    """Why a job has no result. Only ``UNSUPPORTED`` is true for ever, and may be remembered."""

    UNSUPPORTED = "unsupported"
    INVALID_INPUT = "invalid_input"
    RESOURCE = "resource"
    OFFLINE = "offline"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A job without a result: one sentence, and where its log lies."""

    kind: Literal["failure"] = "failure"
    failure: FailureKind
    reason: str
    log: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A sign of life from a job; ``fraction`` is None where the work cannot be counted."""

    kind: Literal["progress"] = "progress"
    message: str
    fraction: float | None = None


@dataclass(frozen=True, kw_only=True)
class Token:
    """One generated token of an open session."""

    kind: Literal["token"] = "token"
    id: int


@dataclass(frozen=True, kw_only=True)
class Done:
    """An open session finished a request, or (``ready``) can take its first."""

    kind: Literal["done"] = "done"
    ready: bool = False


Event = Progress | Token | Done | Result | Failure | Question


def error_of(answer: object) -> EdgewrightError:
    """A job without a result, as the error that a user sees."""
    if not isinstance(answer, Failure):
        return WorkerError("The worker sent an unexpected answer.")
    kinds: dict[FailureKind, type[EdgewrightError]] = {
        FailureKind.UNSUPPORTED: UnsupportedError,
        FailureKind.INVALID_INPUT: InputError,
        FailureKind.RESOURCE: ResourceError,
        FailureKind.OFFLINE: OfflineError,
    }
    hint = f"The log is {answer.log}." if answer.log else ""
    return kinds.get(answer.failure, WorkerError)(answer.reason, hint=hint)
