"""What a run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgewright.app.measure.limits import SCORE_LIMIT_S
from edgewright.app.optimize.options import OptimizeOptions
from edgewright.core.decision.policy import Policy
from edgewright.core.measurement.data import ExamRequest
from edgewright.core.measurement.records import FULL, QUICK, Pace, Workload
from edgewright.core.measurement.text import Text
from edgewright.core.recipe.pruning import Pruning
from edgewright.core.statistics.looks import EARLY_LOOKS, ROUND_LOOKS, TEXT_LOOKS


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """How the chosen build is measured again: rounds and held-out tokens after which verdicts are looked at.

    ``pace`` is that of its blocks; ``finalists`` builds are confirmed side by side, at most ``turns`` times. The first
    ``itself`` rounds hold the original twice, to see what this host cannot tell apart.
    """

    rounds: tuple[int, ...] = EARLY_LOOKS + ROUND_LOOKS
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


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run's request. ``tokens`` are scored while exploring; ``confirmation`` uses others, and builds look at others.

    ``budget_s`` seconds or ``budget_trials`` builds are spent on a search of everything that the frameworks can build, from
    what a run without a budget tries; what is finished when they are spent counts. A runtime that needs more than ``score_limit_s``, and
    more than one and a half times the original's own time, to score the text is compared on fewer tokens, and its
    figures say on how many.

    Beyond ``disk_bytes`` of builds a search drops those that others beat, and keeps what was measured of them.

    ``only`` are patterns of builds' names; where there are any, no others are tried. Frameworks asked for ``by_name`` are timed
    even where their speed says nothing of where they are meant to run.

    Every framework makes a build of each of ``prunings``; it is compared with the original like any other build.

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
    score_limit_s: float = SCORE_LIMIT_S
    only: tuple[str, ...] = ()
    by_name: tuple[str, ...] = ()
    prunings: tuple[Pruning, ...] = ()
    budget_s: float | None = None
    budget_trials: int | None = None
    disk_bytes: float | None = None
    seed: int = 0

    @property
    def exam(self) -> ExamRequest:
        """What the run asks of its task's data."""
        return ExamRequest(
            text=self.text,
            explored=self.tokens,
            window=self.context,
            looks=self.confirmation.tokens,
            calibration=self.calibration_tokens,
            workload=self.workload,
        )

    @property
    def searches(self) -> bool:
        """Whether there is a budget to search with."""
        return self.budget_s is not None or self.budget_trials is not None


_FEW_CALIBRATION_TOKENS = 4096
"""Enough for an importance matrix where one framework is asked for a quick answer."""


def request_of(options: OptimizeOptions, text: Text, usual: Policy) -> Request:
    """The request that a user's options make, on a text that was read; ``usual`` is the policy of the model's task."""
    brief = options.quick and len(options.frameworks) == 1
    return Request(
        text=text,
        policy=options.policy or usual,
        tokens=options.tokens,
        context=options.context,
        workload=options.workload,
        only=options.only,
        by_name=tuple(sorted({*options.frameworks, *(one.partition("/")[0] for one in options.only)})),
        prunings=options.prune,
        budget_s=options.budget_s,
        budget_trials=options.budget_trials,
        disk_bytes=options.disk_quota,
        seed=options.seed,
        confirmation=BRIEF if options.quick else Confirmation(),
        calibration_tokens=_FEW_CALIBRATION_TOKENS if brief else Request.calibration_tokens,
        target_bytes=options.target_size,
        target_bpw=options.target_bpw,
        smallest=options.smallest,
    )
