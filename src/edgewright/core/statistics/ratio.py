"""The ratio of two arms that were timed in the same interleaved rounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgewright.core.statistics.looks import ONE_SIDED, t, z

ASSUMED_SCATTER = 0.25
LEAST_SCATTER = 0.05


def log_interval(
    logs: Sequence[float], control: Sequence[float] = (), *, error: float = ONE_SIDED
) -> tuple[float, float, str]:
    """Mean of log ratios, half its interval of bounds with that one-sided error, and where the scatter comes from.

    Several rounds: Student's. One round: the scatter of the ``control`` arm's own logs stands for both arms', never less
    than 5 %; with fewer than three of those, 25 % is assumed.
    """
    mean = float(np.mean(logs))
    if len(logs) > 1:
        spread = float(np.std(logs, ddof=1)) / math.sqrt(len(logs))
        return mean, t(len(logs) - 1, error) * spread, f"Student's t over {len(logs)} rounds"
    if len(control) < 3:
        return mean, z(error) * ASSUMED_SCATTER, "an assumed scatter of 25 % (one round)"
    scatter = max(float(np.std(control, ddof=1)), LEAST_SCATTER) * math.sqrt(2.0)
    return mean, z(error) * scatter, f"the baseline's scatter over {len(control)} rounds (one round)"
