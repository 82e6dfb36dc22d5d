"""Quantiles of the distributions that the rules use, by scipy.

scipy takes seconds to import on a busy machine, and only those who judge measurements need it: it is imported when the
first quantile is asked for.
"""

from __future__ import annotations

import math


def normal(p: float) -> float:
    """The standard normal's."""
    from scipy.special import ndtri  # noqa: PLC0415  # see above

    return float(ndtri(p))


def student(freedom: float, p: float) -> float:
    """Student's t's."""
    from scipy.special import stdtrit  # noqa: PLC0415  # see above

    return float(stdtrit(freedom, p))


def chi_square_above(freedom: float, p: float) -> float:
    """The value that a chi-square exceeds with probability ``p``."""
    from scipy.special import chdtri  # noqa: PLC0415  # see above

    return float(chdtri(freedom, p))


def beta(a: float, b: float, p: float) -> float:
    """The beta distribution's."""
    from scipy.special import betaincinv  # noqa: PLC0415  # see above

    return float(betaincinv(a, b, p))


def binomial(n: int, share: float, p: float) -> int:
    """The smallest count that a binomial reaches or stays below with probability ``p`` at least."""
    from scipy.special import bdtr, bdtrik  # noqa: PLC0415  # see above; scipy.stats takes ten times as long

    count = max(math.ceil(bdtrik(p, n, share)), 0)
    enough = p * (1.0 - 1e-12)  # an exact tie may come out a rounding error below
    return count - 1 if count and float(bdtr(count - 1, n, share)) >= enough else count
