"""An A/B test of two builds on one metric: which is better, whether they are alike, or that the data does not decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgewright.core.measurement.quantity import METRICS, Value

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
    reason: str


def decide(metric: str, ratio: Value, *, margin: float = MARGIN, doubt: str = "") -> AbVerdict:
    """Judge the ratio B/A by its interval: wholly on one side of 1 (better), wholly within the margin (alike), or neither.

    Within the margin means between 1/(1 + margin) and 1 + margin. A difference that is sure but lies within the margin is
    called alike: it exists and does not matter.
    """
    if ratio.value is None or ratio.ci_low is None or ratio.ci_high is None:
        reason = ratio.reason or "there is no interval"
        return AbVerdict(metric=metric, answer=Better.INCONCLUSIVE, ratio=ratio, margin=margin, reason=reason)
    figure = f"B/A {ratio.value:.4g}, interval {ratio.ci_low:.4g} to {ratio.ci_high:.4g}"
    if doubt:
        return AbVerdict(
            metric=metric, answer=Better.INCONCLUSIVE, ratio=ratio, margin=margin, reason=f"{figure}; {doubt}"
        )
    low, high = ratio.ci_low, ratio.ci_high
    up = METRICS[metric].higher_is_better
    if 1.0 / (1.0 + margin) <= low and high <= 1.0 + margin:
        answer, why = Better.ALIKE, f"the whole interval is within {margin:.0%} of 1"
    elif low > 1.0:
        answer, why = (Better.B if up else Better.A), "the whole interval is above 1"
    elif high < 1.0:
        answer, why = (Better.A if up else Better.B), "the whole interval is below 1"
    else:
        answer, why = Better.INCONCLUSIVE, f"the interval contains 1 and extends beyond {margin:.0%}"
    return AbVerdict(metric=metric, answer=answer, ratio=ratio, margin=margin, reason=f"{figure}; {why}")
