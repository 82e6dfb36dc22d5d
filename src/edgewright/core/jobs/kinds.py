"""What each kind of job declares: its result, the half of a toolchain it runs in, its patience, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgewright.core.device.toolchain import Half
from edgewright.core.jobs import requests, results
from edgewright.core.jobs.conversation import LikelihoodResult
from edgewright.core.jobs.harness import HarnessJob, HarnessResult

_MINUTE, _HOUR = 60.0, 3600.0


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """``result`` is what comes back (None: a conversation). After ``timeout_s`` without a sign of life it has failed.

    ``alone`` says that nothing else of ours may run on the host meanwhile; ``kept`` names the shelf of the store that
    results are kept on, empty where each run is a new measurement.
    """

    result: type[Any] | None
    timeout_s: float
    half: Half = Half.RUN
    alone: bool = True
    kept: str = ""


KINDS: Mapping[type[Any], JobKind] = {
    requests.SmokeJob: JobKind(result=results.SmokeResult, timeout_s=5 * _MINUTE),
    requests.SourceJob: JobKind(
        result=results.SourceResult, timeout_s=_HOUR, half=Half.BUILD, kept="sources"
    ),
    requests.BuildJob: JobKind(
        result=results.BuildResult, timeout_s=4 * _HOUR, half=Half.BUILD, alone=False, kept="artifacts"
    ),
    requests.SensitivityJob: JobKind(
        result=results.SensitivityResult, timeout_s=_HOUR, half=Half.BUILD, alone=False, kept="sensitivity"
    ),
    requests.ScoreJob: JobKind(result=results.ScoreResult, timeout_s=30 * _MINUTE, kept="scores"),
    requests.LikelihoodJob: JobKind(result=LikelihoodResult, timeout_s=30 * _MINUTE, kept="likelihoods"),
    requests.TypeSpeedJob: JobKind(result=results.TypeSpeedResult, timeout_s=10 * _MINUTE, kept="type-speed"),
    requests.TraceJob: JobKind(result=results.TraceResult, timeout_s=10 * _MINUTE),
    requests.BenchJob: JobKind(result=results.BenchResult, timeout_s=15 * _MINUTE),
    requests.ProfileJob: JobKind(result=results.ProfileResult, timeout_s=10 * _MINUTE),
    requests.CapabilityJob: JobKind(result=results.CapabilityResult, timeout_s=10 * _MINUTE),
    requests.EstimateJob: JobKind(result=results.EstimateResult, timeout_s=2 * _MINUTE),
    requests.TokenizeJob: JobKind(result=results.TokenizeResult, timeout_s=5 * _MINUTE),
    HarnessJob: JobKind(result=HarnessResult, timeout_s=_HOUR),
    requests.SessionJob: JobKind(result=None, timeout_s=_HOUR),
    requests.TaskJob: JobKind(result=results.TaskResult, timeout_s=30 * _MINUTE, kept="scores"),
}
"""One entry a job of edgewright's own."""


def kind_of(job: Any) -> JobKind:
    """What the kind of a job declares."""
    return KINDS[type(job)]


def half_of(job: Any) -> Half:
    """The half of a toolchain that a job needs; a smoke job names the half that it tries."""
    return job.half if isinstance(job, requests.SmokeJob) else kind_of(job).half
