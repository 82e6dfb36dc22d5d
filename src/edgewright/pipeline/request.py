"""What a run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgewright.core.measurement import FULL, QUICK, Pace, Workload
from edgewright.core.policy import Policy
from edgewright.core.statistics.looks import ROUND_LOOKS, TEXT_LOOKS
from edgewright.core.text import Text


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """How the chosen build is measured again: rounds and held-out tokens after which verdicts are looked at.

    ``pace`` is that of its blocks; ``finalists`` builds are confirmed side by side, at most ``turns`` times. The first
    ``itself`` rounds hold the original twice, to see what this host cannot tell apart.
    """

    rounds: tuple[int, ...] = ROUND_LOOKS
    tokens: tuple[int, ...] = TEXT_LOOKS
    pace: Pace = FULL
    finalists: int = 2
    turns: int = 3
    itself: int = 3


BRIEF = Confirmation(
    rounds=(4,), tokens=(1024,), pace=Pace(least_s=2.0, least_requests=3, warmup_most=4), turns=1, itself=0
)
"""A short confirmation: it decides only what is far from every bound."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run's request. ``tokens`` are scored while exploring; ``confirmation`` uses others, and builds look at others.

    ``budget_s`` ends exploring early (what is finished counts). A runtime that needs more than ``score_limit_s``, and
    more than one and a half times the original's own time, to score the text is compared on fewer tokens, and its
    figures say on how many.

    ``target_bytes`` or ``target_bpw`` (bits per weight) ask each framework that can for the build of that size in which
    types are allocated to tensors by what their quantization costs.
    """

    text: Text
    policy: Policy
    tokens: int = 2048
    context: int = 512
    workload: Workload = field(default_factory=Workload)
    pace: Pace = QUICK
    confirmation: Confirmation = field(default_factory=Confirmation)
    tuning_rounds: int = 3
    calibration_tokens: int = 16_384
    target_bytes: float | None = None
    target_bpw: float | None = None
    score_limit_s: float = 10.0
    budget_s: float | None = None
    seed: int = 0
