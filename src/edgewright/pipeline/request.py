"""What a run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgewright.core.measurement import Workload
from edgewright.core.policy import Policy
from edgewright.core.text import Text


@dataclass(frozen=True, kw_only=True)
class Request:
    """A run's request. ``tokens`` are scored while exploring, ``held_out_tokens`` once more for the chosen build.

    ``final_rounds`` are interleaved rounds over the contenders, after one round per framework; ``budget_s`` ends
    exploring early (what is finished counts). A runtime that needs more than ``score_limit_s``, and more than twice
    the original's own time, to score the text is compared on fewer tokens, and its figures say on how many.
    """

    text: Text
    policy: Policy
    tokens: int = 2048
    held_out_tokens: int = 1024
    context: int = 512
    workload: Workload = field(default_factory=Workload)
    final_rounds: int = 2
    score_limit_s: float = 15.0
    budget_s: float | None = None
    seed: int = 0
