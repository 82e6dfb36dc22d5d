"""What a parent asks of a child process: one job. What comes back is in `core.jobs.results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from edgewright.core.device.toolchain import Half
from edgewright.core.jobs.harness import HarnessJob
from edgewright.core.measurement.data import Calibration, Ids
from edgewright.core.measurement.likelihood import Pair
from edgewright.core.measurement.records import FULL, Pace, Prompts, Workload
from edgewright.core.recipe.recipes import Option, Recipe
from edgewright.core.recipe.sensitivity import Group


class SourceOperation(StrEnum):
    """What the reference toolchain can do to make a portable source directory."""

    FROM_DIRECTORY = "from_directory"
    FROM_GGUF = "from_gguf"
    MERGE = "merge"
    TINY = "tiny"
    PERMUTE = "permute"
    PRUNE = "prune"


@dataclass(frozen=True, kw_only=True)
class SmokeJob:
    """Prove that a half of a toolchain works: import the framework, compute something, say which versions did it."""

    kind: Literal["smoke"] = "smoke"
    worker: str
    scratch: str
    half: Half = Half.RUN


@dataclass(frozen=True, kw_only=True)
class SourceJob:
    """Write a portable source directory at ``out`` from ``origin``; ``ids`` are calibration data, for what needs some."""

    kind: Literal["source"] = "source"
    worker: str
    operation: SourceOperation
    origin: str
    out: str
    options: Mapping[str, Option] = field(default_factory=dict)
    ids: Ids = ()


@dataclass(frozen=True, kw_only=True)
class BuildJob:
    """Build ``recipe`` at ``out`` (which does not exist) from ``source`` or from the artifact at ``base``.

    A recipe that is calibrated comes with ``calibration``, others without. ``original`` is the file that the source was made
    from, for a framework that runs such files itself; empty otherwise.
    """

    kind: Literal["build"] = "build"
    worker: str
    source: str
    recipe: Recipe
    out: str
    base: str = ""
    calibration: Calibration | None = None
    original: str = ""


@dataclass(frozen=True, kw_only=True)
class ScoreJob:
    """Score ``ids`` (teacher forced) in windows of ``context``; compare with or write reference log-probabilities.

    Each window begins with the ids of ``prefix`` (a begin-of-text), which are not scored. ``lengths`` names the windows one
    by one instead of ``context``, for what depends on the length.
    ``reference`` is a file that `worker.packed` wrote. A runtime that cannot score all within ``limit_s`` scores the
    beginning; the scores say how many tokens they stand on. ``prompt`` is continued greedily by ``answer`` ids,
    which timed runs are compared with; ``prompts`` are answered to see how long the answers are.
    """

    kind: Literal["score"] = "score"
    worker: str
    artifact: str
    runtime: Mapping[str, Option]
    ids: tuple[int, ...]
    context: int
    prefix: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()
    reference: str = ""
    write_reference: str = ""
    limit_s: float | None = None
    prompt: tuple[int, ...] = ()
    answer: int = 0
    prompts: Prompts | None = None


@dataclass(frozen=True, kw_only=True)
class BenchJob:
    """Time greedy requests of ``workload`` on the prompt ``ids``, for as long as ``pace`` says."""

    kind: Literal["bench"] = "bench"
    worker: str
    artifact: str
    runtime: Mapping[str, Option]
    ids: tuple[int, ...]
    workload: Workload
    pace: Pace = FULL


@dataclass(frozen=True, kw_only=True)
class ProfileJob:
    """Run one request under the runtime's own profiler; write only below ``scratch``."""

    kind: Literal["profile"] = "profile"
    worker: str
    artifact: str
    runtime: Mapping[str, Option]
    ids: tuple[int, ...]
    tokens: int
    scratch: str


@dataclass(frozen=True, kw_only=True)
class TraceJob:
    """Write what comes out of each layer for ``ids`` to the file ``out``: float32 arrays, named by the layers' numbers."""

    kind: Literal["trace"] = "trace"
    worker: str
    artifact: str
    runtime: Mapping[str, Option]
    ids: tuple[int, ...]
    out: str


@dataclass(frozen=True, kw_only=True)
class TypeSpeedJob:
    """Time decoding with weights of each of ``types``, on a model made for it; write only below ``scratch``."""

    kind: Literal["type_speed"] = "type_speed"
    worker: str
    types: tuple[str, ...]
    scratch: str


@dataclass(frozen=True, kw_only=True)
class CapabilityJob:
    """Measure what the host can do at best; any environment can, whatever its framework."""

    kind: Literal["capability"] = "capability"


@dataclass(frozen=True, kw_only=True)
class SensitivityJob:
    """Round each of ``groups`` to each of ``bits`` and measure what that costs the source on the calibration ``ids``.

    ``group_size`` weights of a row share a scale and an offset.
    """

    kind: Literal["sensitivity"] = "sensitivity"
    worker: str
    source: str
    ids: tuple[int, ...]
    groups: tuple[Group, ...]
    bits: tuple[int, ...]
    group_size: int


@dataclass(frozen=True, kw_only=True)
class EstimateJob:
    """Ask a model of power what a finished block may have used; nothing is run and nothing is measured.

    ``cpu_s`` is the block's processor time in all threads, ``seconds`` its duration, ``resident_bytes`` its memory.
    """

    kind: Literal["estimate"] = "estimate"
    worker: str
    cpu_s: float
    seconds: float
    resident_bytes: int


@dataclass(frozen=True, kw_only=True)
class TokenizeJob:
    """Tokenize ``texts`` with the artifact's own tokenizer, without special tokens being added."""

    kind: Literal["tokenize"] = "tokenize"
    worker: str
    artifact: str
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LikelihoodJob:
    """The log-likelihood of each pair's continuation after its context, one pair at a time."""

    kind: Literal["likelihood"] = "likelihood"
    worker: str
    artifact: str
    runtime: Mapping[str, Option]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True)
class TaskJob:
    """A step of a task's own: the child imports ``module``, and its function ``answer`` is asked for the result.

    ``data`` is the task's, in JSON's types. The original writes its outputs to ``write_reference``; builds read ``reference``.
    See `edgewright.ports.child.TaskModule`.
    """

    kind: Literal["task"] = "task"
    worker: str
    module: str
    step: str
    artifact: str
    runtime: Mapping[str, Option] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""
    write_reference: str = ""


@dataclass(frozen=True, kw_only=True)
class SessionJob:
    """Keep a session open and answer requests until the parent closes the pipe."""

    kind: Literal["session"] = "session"
    worker: str
    artifact: str
    runtime: Mapping[str, Option]


Job = (
    SmokeJob
    | SourceJob
    | BuildJob
    | ScoreJob
    | BenchJob
    | ProfileJob
    | TraceJob
    | TypeSpeedJob
    | CapabilityJob
    | SensitivityJob
    | EstimateJob
    | TokenizeJob
    | LikelihoodJob
    | HarnessJob
    | SessionJob
    | TaskJob
)
