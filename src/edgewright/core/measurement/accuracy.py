"""From the scores of a text to labelled values, each with its unit, its interval and the method in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.core.measurement.records import Against, Scores
from edgewright.core.statistics.clusters import runs
from edgewright.core.statistics.resampling import mean_interval, quantile_interval
from edgewright.core.statistics.retention import retained

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Clusters = NDArray[np.int64]

T = TypeVar("T")

_RESAMPLED = "one-sided 98.3 % bounds by resampling runs of 32 positions"


def accuracy_values(scores: Scores) -> dict[str, Value]:
    """Perplexity and next-token accuracy; against a reference also KL divergence, agreement and what is retained."""
    clusters = runs(scores.windows)
    nll, correct = np.asarray(scores.nll), np.asarray(scores.correct, dtype=float)
    method = f"teacher forced, {len(scores.windows)} windows, {len(nll)} positions; {_RESAMPLED}"
    values = {
        "perplexity": _of_mean("perplexity", nll, clusters, method, math.exp),
        "next_token_accuracy": _of_mean("next_token_accuracy", correct, clusters, method),
    }
    if scores.against is not None:
        values |= _against(scores.against, nll, scores.correct, clusters, method)
    return values


def _against(
    base: Against, nll: Numbers, correct: tuple[bool, ...], clusters: Clusters, method: str
) -> dict[str, Value]:
    kl = np.asarray(base.kl)
    agree = np.asarray(base.agree, dtype=float)
    increase = nll - np.asarray(base.nll)
    return {
        "kl_divergence": _of_mean("kl_divergence", kl, clusters, method),
        "kl_median": _quantile("kl_median", kl, clusters, method, 0.5),
        "kl_p99": _quantile("kl_p99", kl, clusters, method, 0.99),
        "top1_agreement": _of_mean("top1_agreement", agree, clusters, method),
        "accuracy_retained": retained(correct, base.correct, clusters),
        "perplexity_increase": _of_mean("perplexity_increase", increase, clusters, method, math.expm1),
    }


def _of_mean(
    metric: str,
    values: Numbers,
    clusters: Clusters,
    method: str,
    scale: Callable[[float], float] = lambda mean: mean,
) -> Value:
    """A mean and its interval, both through one rising function."""
    low, high = mean_interval(values, clusters)
    return _value(metric, scale(float(values.mean())), scale(low), scale(high), method, len(values))


def _quantile(metric: str, values: Numbers, clusters: Clusters, method: str, share: float) -> Value:
    low, high = quantile_interval(values, clusters, share)
    return _value(metric, float(np.quantile(values, share)), low, high, method, len(values))


def _value(metric: str, value: float, low: float, high: float, method: str, n: int) -> Value:
    several = low < high
    return Value(
        value=value,
        unit=METRICS[metric].unit,
        label=Label.MEASURED,
        method=method,
        n=n,
        ci_low=low if several else None,
        ci_high=high if several else None,
    )


LENGTH_BOUNDS = (0.9, 1.1)
"""A build whose answers are on average shorter or longer than this has changed how it talks."""


def length_values(scores: Scores, original: Scores) -> dict[str, Value]:
    """How long a build's answers are against the original's to the same prompts; empty where none were answered."""
    if not scores.lengths or not original.lengths:
        return {}
    mine, theirs = float(np.mean(scores.lengths)), float(np.mean(original.lengths))
    low, high = LENGTH_BOUNDS
    usual = low <= mine / theirs <= high
    method = (
        f"mean answer length over {len(scores.lengths)} prompts: {mine:.1f} ids, original {theirs:.1f} ids"
    )
    note = "" if usual else f"; outside {low:g} to {high:g}: the build's answers have a different length"
    value = Value(
        value=mine / theirs,
        unit=METRICS["output_length_ratio"].unit,
        label=Label.DERIVED,
        method=method + note,
        n=len(scores.lengths),
    )
    return {"output_length_ratio": value}


def joined(parts: Sequence[Scores]) -> Scores:
    """The scores of several texts as those of one."""
    first = parts[0]
    sides = [part.against for part in parts if part.against is not None]
    against = None
    if len(sides) == len(parts):
        against = Against(
            kl=_chained(side.kl for side in sides),
            agree=_chained(side.agree for side in sides),
            nll=_chained(side.nll for side in sides),
            correct=_chained(side.correct for side in sides),
        )
    return replace(
        first,
        tokens=sum(part.tokens for part in parts),
        windows=_chained(part.windows for part in parts),
        nll=_chained(part.nll for part in parts),
        correct=_chained(part.correct for part in parts),
        against=against,
        seconds=sum(part.seconds for part in parts),
    )


def _chained(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(chain.from_iterable(parts))
