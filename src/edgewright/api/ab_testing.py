"""``ab``: an A/B test of two builds on one metric, looked at as often as its verdict needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgewright.api.benchmarking import timed_rounds
from edgewright.api.evaluating import ids_of, scored, segments
from edgewright.api.quiet import Quiet
from edgewright.api.runnable import Runnable, runnable
from edgewright.config import evaluation_text
from edgewright.core.ab import MARGIN, Better, decide
from edgewright.core.accuracy import joined
from edgewright.core.compared import AbTest
from edgewright.core.measurement import FULL, Pace, Scores, Workload
from edgewright.core.quantity import METRICS, Label, Value
from edgewright.core.rounds import Round, counted, host_noise, numbered
from edgewright.core.speed import REQUEST_FIGURES, ratio_of
from edgewright.core.statistics.clusters import runs
from edgewright.core.statistics.looks import ROUND_LOOKS, TEXT_LOOKS
from edgewright.core.statistics.resampling import mean_interval
from edgewright.core.statistics.retention import retained
from edgewright.errors import UsageError
from edgewright.ports import Reporter, Workshop
from edgewright.runtime.models import Trust
from edgewright.wiring import Wiring

_TEXT = {"next_token_accuracy", "perplexity"}
_BLOCK = {"load_s", "peak_bytes", "cpu_s_per_token"}
AB_METRICS = (*REQUEST_FIGURES, *sorted(_BLOCK), *sorted(_TEXT))
_CONTEXT = 512


def ab(
    a: str,
    b: str,
    *,
    metric: str = "decode_tok_s",
    margin: float = MARGIN,
    workload: Workload | None = None,
    pace: Pace = FULL,
    rounds: Sequence[int] = ROUND_LOOKS,
    eval_data: str | Path | None = None,
    offline: bool = False,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    seed: int = 0,
    reporter: Reporter | None = None,
) -> AbTest:
    """Compare two builds (or models, or other tools' files) on one metric of `AB_METRICS`.

    Timing and memory come from interleaved rounds of fresh processes, looked at after 7, 12 and 20; accuracy from the same
    positions of a text, looked at after 2,048, 4,096 and 8,192 tokens. It ends at the first look that decides.

    Raises:
        UsageError: a metric that two builds cannot be compared on.
        EdgewrightError: a build or its runtime cannot be had, or its process failed.
    """
    if metric not in AB_METRICS:
        raise UsageError(f"There is no A/B test on {metric!r}.", hint=f"Known: {', '.join(AB_METRICS)}.")
    wiring = Wiring(offline)
    shop = wiring.workshop(reporter or Quiet(), wiring.home.root / "logs" / "ab")
    trust = Trust(allow_pickle=allow_pickle, allow_remote_code=allow_remote_code)
    arms = [runnable(wiring, shop, model, as_it_is=True, trust=trust) for model in (a, b)]
    if metric in _TEXT:
        return _by_text(wiring, shop, arms, metric, margin, eval_data)
    return _by_rounds(shop, arms, metric, margin, workload or Workload(), pace, rounds, seed)


def _by_rounds(
    shop: Workshop,
    arms: Sequence[Runnable],
    metric: str,
    margin: float,
    workload: Workload,
    pace: Pace,
    looks: Sequence[int],
    seed: int,
) -> AbTest:
    sides = {"A": arms[0], "B": arms[1]}
    done: list[Round] = []
    looked = 0
    for look in looks:
        done = timed_rounds(shop, sides, range(len(done), look), done, workload, pace, seed)
        looked += 1
        host = host_noise(done)
        doubt = f"{host.invalid} of {host.blocks} blocks were disturbed: the host is too noisy"
        mine = {side: counted(numbered(done), side) for side in sides}
        ratio = ratio_of(mine["B"], mine["A"], metric)
        verdict = decide(
            metric,
            ratio,
            margin=margin,
            doubt=doubt if host.is_mute else "",
        )
        if verdict.answer is not Better.INCONCLUSIVE or host.is_mute:
            break
    return AbTest(a=arms[0].name, b=arms[1].name, verdict=verdict, looks=looked, rounds=len(done))


def _by_text(
    wiring: Wiring,
    shop: Workshop,
    arms: Sequence[Runnable],
    metric: str,
    margin: float,
    eval_data: str | Path | None,
) -> AbTest:
    ids = ids_of(wiring, shop, arms[0], evaluation_text(eval_data).content)
    sides: tuple[list[Scores], list[Scores]] = ([], [])
    for segment in segments(ids, TEXT_LOOKS):
        for arm, parts in zip(arms, sides, strict=True):
            parts.append(scored(shop, arm, segment, _CONTEXT)[0])
        both = [joined(parts) for parts in sides]
        verdict = decide(metric, _RATIOS[metric](*both), margin=margin)
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
