"""What one build gains and costs against another, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgewright.core.decision.policy import ALWAYS, OBJECTIVES
from edgewright.core.decision.ranking import Values
from edgewright.core.measurement.quantity import METRICS

_SAME = 0.005
"""A change that rounds to 0 %."""


def compare(
    one: Values, other: Values, objectives: Sequence[str] = ALWAYS, axes: Mapping[str, str] = OBJECTIVES
) -> str:
    """The change in each objective from ``other`` to ``one``, and whether it is for the better."""
    words = []
    for objective in objectives:
        metric = axes[objective]
        a, b = one.get(metric), other.get(metric)
        if a is None or b is None or a.value is None or b.value is None or not b.value:
            continue
        factor = a.value / b.value
        if abs(factor - 1.0) < _SAME:
            words.append(f"the same {objective}")
            continue
        better = (factor > 1.0) == METRICS[metric].higher_is_better
        title = METRICS[metric].title
        size = f"{float(f'{factor:.2g}'):,g}x" if factor > 3.0 or factor < 0.33 else f"{factor - 1.0:+.0%}"
        words.append(f"{title[0].lower()}{title[1:]} {size} ({'better' if better else 'worse'} {objective})")
    return ", ".join(words)
