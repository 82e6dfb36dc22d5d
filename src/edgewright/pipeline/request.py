"""What a run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgewright.core.measurement import FULL, QUICK, Pace, Workload
from edgewright.core.policy import Policy
from edgewright.core.pruning import Pruning
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

    @property
    def is_brief(self) -> bool:
        """Whether it looks once and gives one turn: it decides only what is far from every bound."""
        return len(self.rounds) == len(self.tokens) == self.turns == 1


BRIEF = Confirmation(
    rounds=(4,),
    tokens=(1024,),
    pace=Pace(least_s=2.0, least_requests=3, warmup_least=1, warmup_most=2),
    turns=1,
    itself=0,
)
"""A short confirmation: it decides only what is far from every bound."""


def score_limit(least_s: float, original_s: float) -> float:
    """Seconds that a build may take to score a text which the original scored in ``original_s``: half as many again, or the least."""
    return max(least_s, round(1.5 * original_s))


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run's request. ``tokens`` are scored while exploring; ``confirmation`` uses others, and builds look at others.

    ``budget_s`` seconds or ``budget_trials`` builds are spent on a search of everything that the frameworks can build, from
    what a run without a budget tries; what is finished when they are spent counts. A runtime that needs more than ``score_limit_s``, and
    more than one and a half times the original's own time, to score the text is compared on fewer tokens, and its
    figures say on how many.

    Beyond ``disk_bytes`` of builds a search drops those that others beat, and keeps what was measured of them.

    ``only`` are patterns of builds' names; where there are any, no others are tried.

    Of each of ``prunings`` every framework makes a build, which is held against the original like any other.

    ``target_bytes`` or ``target_bpw`` (bits per weight) ask each framework that can for the build of that size in which
    types are allocated to tensors by what their quantization costs; ``smallest`` for the smallest that keeps the gates on
    accuracy.
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
    smallest: bool = False
    score_limit_s: float = 10.0
    only: tuple[str, ...] = ()
    prunings: tuple[Pruning, ...] = ()
    budget_s: float | None = None
    budget_trials: int | None = None
    disk_bytes: float | None = None
    seed: int = 0

    @property
    def searches(self) -> bool:
        """Whether there is a budget to search with."""
        return self.budget_s is not None or self.budget_trials is not None
