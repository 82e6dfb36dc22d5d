"""An A/B test of two builds on one metric: which is better, are they alike, or can nobody tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from edgewright.core.quantity import METRICS, Value, widened

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


def decide(
    metric: str, ratio: Value, *, margin: float = MARGIN, doubt: str = "", swing: float = 1.0
) -> AbVerdict:
    """Judge the ratio B/A by its interval: wholly on one side of 1 (better), wholly within the margin (alike), or neither.

    Within the margin means between 1/(1 + margin) and 1 + margin. A difference that is sure but lies within the margin is
    called alike: it exists and does not matter. ``swing`` is how far the host's own speed went apart meanwhile: the interval
    is that many times wider.
    """
    if ratio.value is None or ratio.ci_low is None or ratio.ci_high is None:
        reason = ratio.reason or "there is no interval"
        return AbVerdict(metric=metric, answer=Better.INCONCLUSIVE, ratio=ratio, margin=margin, reason=reason)
    figure = f"B/A {ratio.value:.4g}, interval {ratio.ci_low:.4g} to {ratio.ci_high:.4g}"
    low, high = widened(ratio.ci_low, ratio.ci_high, swing)
    if swing != 1.0:
        ratio = replace(ratio, ci_low=low, ci_high=high)
        figure += f", {swing:.2f} times wider as the host's own speed swung: {low:.4g} to {high:.4g}"
    if doubt:
        return AbVerdict(
            metric=metric, answer=Better.INCONCLUSIVE, ratio=ratio, margin=margin, reason=f"{figure}; {doubt}"
        )
    up = METRICS[metric].higher_is_better
    if 1.0 / (1.0 + margin) <= low and high <= 1.0 + margin:
        answer, why = Better.ALIKE, f"all of it within {margin:.0%} of 1"
    elif low > 1.0:
        answer, why = (Better.B if up else Better.A), "all of it above 1"
    elif high < 1.0:
        answer, why = (Better.A if up else Better.B), "all of it below 1"
    else:
        answer, why = Better.INCONCLUSIVE, f"it holds 1 and reaches beyond {margin:.0%}"
    return AbVerdict(metric=metric, answer=answer, ratio=ratio, margin=margin, reason=f"{figure}; {why}")
