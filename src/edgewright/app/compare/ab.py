"""``ab``: an A/B test of two builds on one metric, looked at as often as its verdict needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgewright.app.compare.benchmark import timed_rounds
from edgewright.app.intake.runnable import Runnable, runnable
from edgewright.app.measure.text_scores import ids_of, scored, segments
from edgewright.app.options import ModelOptions
from edgewright.core.decision.ab import MARGIN, Better, decide
from edgewright.core.measurement.accuracy import joined
from edgewright.core.measurement.compared import AbTest
from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.core.measurement.records import FULL, Pace, Scores, Workload
from edgewright.core.measurement.rounds import Round, counted, host_noise, numbered
from edgewright.core.measurement.speed import REQUEST_FIGURES, ratio_of
from edgewright.core.statistics.clusters import runs
from edgewright.core.statistics.looks import ROUND_LOOKS, TEXT_LOOKS
from edgewright.core.statistics.resampling import mean_interval
from edgewright.core.statistics.retention import retained
from edgewright.errors import UsageError
from edgewright.inputs.config import evaluation_text
from edgewright.ports import Context
from edgewright.reasons import because

_TEXT = {"next_token_accuracy", "perplexity"}
_BLOCK = {"load_s", "peak_bytes", "cpu_s_per_token"}
AB_METRICS = (*REQUEST_FIGURES, *sorted(_BLOCK), *sorted(_TEXT))
_CONTEXT = 512


@dataclass(frozen=True, kw_only=True)
class AbOptions(ModelOptions):
    """``metric`` is one of `AB_METRICS`; ``margin`` is the relative difference that still counts as alike.

    Timing and memory are looked at after each of ``rounds``; accuracy on the file ``eval_data``.
    """

    metric: str = "decode_tok_s"
    margin: float = MARGIN
    workload: Workload = field(default_factory=Workload)
    pace: Pace = FULL
    rounds: tuple[int, ...] = ROUND_LOOKS
    eval_data: str | Path | None = None
    seed: int = 0


def ab(context: Context, a: str, b: str, options: AbOptions) -> AbTest:
    """Compare two builds (or models, or other tools' files) on one metric of `AB_METRICS`.

    Timing and memory come from interleaved rounds of fresh processes, looked at after 7, 12 and 20; accuracy from the same
    positions of a text, looked at after 2,048, 4,096 and 8,192 tokens. It ends at the first look that decides.

    Raises:
        UsageError: a metric that two builds cannot be compared on.
        EdgewrightError: a build or its runtime cannot be had, or its process failed.
    """
    if options.metric not in AB_METRICS:
        raise UsageError(
            f"The A/B test does not support the metric {options.metric!r}.",
            hint=f"Known: {', '.join(AB_METRICS)}.",
        )
    arms = [runnable(context, model, as_it_is=True, trust=options.trust) for model in (a, b)]
    if options.metric in _TEXT:
        return _by_text(context, arms, options)
    return _by_rounds(context, arms, options)


def _by_rounds(context: Context, arms: Sequence[Runnable], options: AbOptions) -> AbTest:
    sides = {"A": arms[0], "B": arms[1]}
    done: list[Round] = []
    looked = 0
    for look in options.rounds:
        numbers = range(len(done), look)
        done = timed_rounds(context, sides, numbers, done, options.workload, options.pace, options.seed)
        looked += 1
        host = host_noise(done)
        doubt = because("blocks_disturbed", disturbed=host.invalid, blocks=host.blocks)
        mine = {side: counted(numbered(done), side) for side in sides}
        ratio = ratio_of(mine["B"], mine["A"], options.metric)
        verdict = decide(options.metric, ratio, margin=options.margin, doubt=doubt if host.is_mute else None)
        if verdict.answer is not Better.INCONCLUSIVE or host.is_mute:
            break
    return AbTest(a=arms[0].name, b=arms[1].name, verdict=verdict, looks=looked, rounds=len(done))


def _by_text(context: Context, arms: Sequence[Runnable], options: AbOptions) -> AbTest:
    ids = ids_of(context, arms[0], evaluation_text(options.eval_data).content)
    sides: tuple[list[Scores], list[Scores]] = ([], [])
    for segment in segments(ids, TEXT_LOOKS):
        for arm, parts in zip(arms, sides, strict=True):
            parts.append(scored(context, arm, segment, _CONTEXT)[0])
        both = [joined(parts) for parts in sides]
        verdict = decide(options.metric, _RATIOS[options.metric](*both), margin=options.margin)
        if verdict.answer is not Better.INCONCLUSIVE:
            break
    return AbTest(
        a=arms[0].name, b=arms[1].name, verdict=verdict, looks=len(sides[0]), positions=len(both[0].nll)
    )


def _accuracy_ratio(a: Scores, b: Scores) -> Value:
    return retained(b.correct, a.correct, runs(a.windows))


def _perplexity_ratio(a: Scores, b: Scores) -> Value:
    difference = np.asarray(b.nll) - np.asarray(a.nll)
    low, high = mean_interval(difference, runs(a.windows))
    return Value(
        value=math.exp(float(difference.mean())),
        unit=METRICS["perplexity"].unit,
        label=Label.DERIVED,
        method="ratio of perplexities on the same positions; one-sided 98.3 % bounds by resampling runs of 32",
        n=len(difference),
        ci_low=math.exp(low),
        ci_high=math.exp(high),
    )


_RATIOS = {"next_token_accuracy": _accuracy_ratio, "perplexity": _perplexity_ratio}
