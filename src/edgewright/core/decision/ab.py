"""An A/B test of two builds on one metric: which is better, whether they are alike, or that the data does not decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.measurement.quantity import METRICS, Value
from edgewright.reasons import Reason, because

MARGIN = 0.05


class Better(StrEnum):
    """What an A/B test says."""

    A = "A is better"
    B = "B is better"
    ALIKE = "A and B are alike"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class AbVerdict:
    """The answer, with the ratio B/A of the metric that it rests on."""

    metric: str
    answer: Better
    ratio: Value
    margin: float
    reason: Reason


def decide(metric: str, ratio: Value, *, margin: float = MARGIN, doubt: Reason | None = None) -> AbVerdict:
    """Judge the ratio B/A by its interval: wholly on one side of 1 (better), wholly within the margin (alike), or neither.

    Within the margin means between 1/(1 + margin) and 1 + margin. A difference that is sure but lies within the margin is
    called alike: it exists and does not matter.
    """
    if ratio.value is None or ratio.ci_low is None or ratio.ci_high is None:
        answer, why = Better.INCONCLUSIVE, ratio.reason or because("no_interval")
        return AbVerdict(metric=metric, answer=answer, ratio=ratio, margin=margin, reason=why)
    low, high = ratio.ci_low, ratio.ci_high
    up = METRICS[metric].higher_is_better
    if doubt is not None:
        answer, why = Better.INCONCLUSIVE, doubt
    elif 1.0 / (1.0 + margin) <= low and high <= 1.0 + margin:
        answer, why = Better.ALIKE, because("within_margin", margin=margin)
    elif low > 1.0:
        answer, why = (Better.B if up else Better.A), because("above_one")
    elif high < 1.0:
        answer, why = (Better.A if up else Better.B), because("below_one")
    else:
        answer, why = Better.INCONCLUSIVE, because("contains_one", margin=margin)
    return AbVerdict(metric=metric, answer=answer, ratio=ratio, margin=margin, reason=why)
