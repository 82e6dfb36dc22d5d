"""What a worker saw: one teacher-forced scoring, and blocks of timed requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import fmean

from edgewright.core.measurement.energy import Energy
from edgewright.core.measurement.memory import Memory
from edgewright.core.measurement.noise import Noise

PROTOCOL_VERSION = 4
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
class StorageLoss:
    """What keeping the reference's log-probabilities in 16 bits changed: KL(exact || stored) in nat per token."""

    kl_mean: float
    kl_max: float


@dataclass(frozen=True, kw_only=True)
class Against:
    """Per scored position, a model beside its reference.

    ``kl`` is KL(reference || model) in nat over the vocabulary, ``agree`` whether both hold the same token for the
    likeliest; ``nll`` and ``correct`` are the reference's own.
    """

    kl: tuple[float, ...]
    agree: tuple[bool, ...]
    nll: tuple[float, ...]
    correct: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """Prompts that are answered until a ``stop`` id, at most ``most`` ids each: how long does a model talk?"""

    ids: tuple[tuple[int, ...], ...]
    stop: tuple[int, ...]
    most: int = 96


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Teacher-forced scoring of one token sequence in non-overlapping windows; every item is kept.

    Every position but the first of each window is scored: ``windows`` counts them, window by window. Per position,
    ``nll`` is the negative log-likelihood (nat) of the token that follows and ``correct`` whether it is the likeliest.
    ``generated`` is what the model answers greedily to the beginning of the text, which timed runs are compared with;
    ``lengths`` are the ids that it answered each of the `Prompts` with.
    """

    tokens: int
    windows: tuple[int, ...]
    nll: tuple[float, ...]
    correct: tuple[bool, ...]
    against: Against | None = None
    storage: StorageLoss | None = None
    generated: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()
    seconds: float = 0.0
    placement: Placement

    @property
    def kl_mean(self) -> float | None:
        """Mean KL divergence from the reference, where there is one."""
        return fmean(self.against.kl) if self.against else None

    @property
    def kl_of_windows(self) -> tuple[float, ...]:
        """Mean KL divergence of each window from the reference; empty where there is none."""
        if self.against is None:
            return ()
        ends = list(accumulate(self.windows))
        return tuple(
            fmean(self.against.kl[end - rows : end]) for end, rows in zip(ends, self.windows, strict=True)
        )


@dataclass(frozen=True, kw_only=True)
class Request:
    """One timed request: milliseconds from its start to each generated token of its first sequence.

    With ``concurrency`` prompts at once every step brings that many tokens; ``token_ids`` are the first prompt's.
    """

    prompt_tokens: int
    token_times_ms: tuple[float, ...]
    token_ids: tuple[int, ...]
    concurrency: int = 1


@dataclass(frozen=True, kw_only=True)
class Block:
    """Requests of one fresh process: nothing else of ours ran meanwhile.

    ``load_s`` is the time from opening the artifact to a session that can answer, the import of the framework included;
    ``warmup`` counts the requests before, ``steady`` says whether they had settled. ``cpu_s`` is the processor time of
    the timed requests in all threads.
    """

    load_s: float
    warmup: int
    steady: bool
    requests: tuple[Request, ...]
    cpu_s: float
    memory: Memory
    noise: Noise
    placement: Placement
    energy: Energy | None = None


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The shape of a request: tokens of its prompt, tokens to decode, prompts at once."""

    prompt_tokens: int = 128
    decode_tokens: int = 32
    concurrency: int = 1
    name: str = "default"

    def __post_init__(self) -> None:
        if self.prompt_tokens < 1 or self.decode_tokens < 2 or self.concurrency < 1:
            raise ValueError(
                "a request needs a prompt, at least two tokens to decode (one has no inter-token latency), "
                "and a concurrency of at least one"
            )


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long a block lasts: at least ``least_s`` and ``least_requests``, after warm-up requests of the full shape.

    Warm-up ends after ``warmup_least`` requests once two consecutive medians of three differ by less than ``settled``,
    at the latest after ``warmup_most``. ``sentinel`` says whether the host is watched before and after, and a
    disturbed block run again. With ``cut_s`` a block and its requests are cut short there, once it has
    ``least_latencies``; a request that takes longer than that is the only one.
    ``energy`` reads the machine's counters around the requests.
    """

    least_s: float = 10.0
    least_requests: int = 5
    warmup_least: int = 3
    warmup_most: int = 20
    settled: float = 0.03
    sentinel: bool = True
    cut_s: float | None = None
    energy: bool = False
    least_latencies: int = 20


ENERGY = Pace(least_s=30.0, energy=True)
"""A block long enough for counters of energy."""

FULL = Pace()
"""The protocol's block: what confirms a winner."""

QUICK = Pace(least_s=2.0, least_requests=2, warmup_least=1, warmup_most=1, sentinel=False, cut_s=6.0)
"""A search's block: enough to tell the fast from the slow."""
