"""What a worker saw: one teacher-forced scoring, and blocks of timed requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PROTOCOL_VERSION = 1
"""Raised whenever a change of scoring or timing makes older numbers incomparable."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where and how a session ran, as the runtime itself reports it.

    ``proof`` is the runtime's own words (execution devices, providers, system info); ``weights``,
    ``activations`` and ``kv_cache`` are the effective precisions.
    """

    device: str
    weights: str
    activations: str
    kv_cache: str
    threads: int
    proof: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Teacher-forced scoring of one token sequence in non-overlapping windows.

    Every position but the first of each window is scored. ``correct`` holds, per scored position, whether the
    most likely token is the one that follows; ``window_nll`` the mean negative log-likelihood (nat/token) of each
    window. The fields against a reference are None where none was given.
    """

    tokens: int
    windows: int
    nll: float
    correct: tuple[bool, ...]
    window_nll: tuple[float, ...]
    kl_mean: float | None = None
    kl_median: float | None = None
    kl_p99: float | None = None
    top1_agreement: float | None = None
    reference_correct: tuple[bool, ...] | None = None
    reference_nll: float | None = None
    seconds: float = 0.0
    placement: Placement


@dataclass(frozen=True, kw_only=True)
class Request:
    """One timed request: milliseconds from its start to each generated token."""

    prompt_tokens: int
    token_times_ms: tuple[float, ...]
    token_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Block:
    """Requests of one fresh process: nothing else of ours ran meanwhile.

    ``peak_bytes`` is the process's peak resident memory until the last request ended; ``load_s`` the time from
    opening the artifact to a session that can answer, the import of the framework included.
    """

    load_s: float
    requests: tuple[Request, ...]
    peak_bytes: int
    peak_method: str
    placement: Placement


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The shape of timed requests: how long, how many, and ``limit_s`` after which a slow arm is cut short.

    A cut block still holds ``min_latencies`` inter-token latencies, which a p95 needs.
    """

    prompt_tokens: int = 128
    decode_tokens: int = 64
    requests: int = 3
    warmup: int = 1
    limit_s: float = 12.0
    min_latencies: int = 72

    def __post_init__(self) -> None:
        if self.decode_tokens < 2 and self.min_latencies:
            raise ValueError("a request of one token has no inter-token latency")
