"""Hosts whose own speed swings: how often a gate on time passes falsely there, for absolute speeds and for speedups.

A host is played slot by slot: an arm's block takes one slot, a round has one for each arm, in random order. The truth lies
exactly on the bound: for a speedup the arms' ratio on a host of one speed, for an absolute speed what the build would give at
the median of all slots of its own run. Either is judged by the rules of a run, at its looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.checks import Check, at_most
from edgewright.app.optimize.request import BRIEF
from edgewright.core.decision.policy import Gate
from edgewright.core.decision.verdict import Outcome, judge
from edgewright.core.measurement.quantity import Label, Value
from edgewright.core.statistics.looks import EARLY_LOOKS, ROUND_LOOKS, error_at
from edgewright.core.statistics.medians import median_interval
from edgewright.core.statistics.ratio import log_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Host = Callable[[np.random.Generator, int, int], Numbers]

_ARMS = 3
_BOUND = 100.0
_SPEED = Gate(metric="decode_tok_s", at_least=_BOUND)
_RATIO = Gate(metric="speedup", at_least=2.0)
_BLOCK = 0.02
"""Scatter of a block's own, whatever the host does."""


def _common(rng: np.random.Generator, rounds: int, arms: int) -> Numbers:
    """One speed a round, up to 1.6-fold apart."""
    return np.repeat(rng.uniform(-0.235, 0.235, size=(rounds, 1)), arms, axis=1)


def _independent(rng: np.random.Generator, rounds: int, arms: int) -> Numbers:
    """One speed a block, up to 1.6-fold apart."""
    return rng.uniform(-0.235, 0.235, size=(rounds, arms))


def _neighbour(rng: np.random.Generator, rounds: int, arms: int) -> Numbers:
    """Three blocks in ten at two thirds of the speed."""
    return np.where(rng.random((rounds, arms)) < 0.3, -math.log(1.5), 0.0)


def _boost(rng: np.random.Generator, rounds: int, arms: int) -> Numbers:
    """Three blocks in ten half as fast again."""
    return np.where(rng.random((rounds, arms)) < 0.3, math.log(1.5), 0.0)


def _lasting(rng: np.random.Generator, rounds: int, arms: int) -> Numbers:
    """Fast or slow, 1.5-fold apart, for ten blocks on average."""
    turns = np.cumsum(rng.random(rounds * arms) < 0.1) + rng.integers(2)
    return np.where(turns % 2 == 1, -math.log(1.5), 0.0).reshape(rounds, arms)


def _drifting(rng: np.random.Generator, rounds: int, arms: int) -> Numbers:
    """Ever slower or faster, by half in all."""
    way = 1.0 if rng.random() < 0.5 else -1.0
    line: Numbers = way * np.linspace(0.0, math.log(1.5), rounds * arms).reshape(rounds, arms)
    return line


HOSTS: Mapping[str, Host] = {
    "a common swing, 1.6-fold": _common,
    "independent swings, 1.6-fold": _independent,
    "three blocks in ten 1.5 times slower": _neighbour,
    "three blocks in ten 1.5 times faster": _boost,
    "1.5-fold for ten blocks at a time": _lasting,
    "a drift by half": _drifting,
}
FULL = EARLY_LOOKS + ROUND_LOOKS
LOOKS: Mapping[str, tuple[int, ...]] = {"full": FULL, "A/B test": ROUND_LOOKS, "quick": BRIEF.rounds}


def checks(
    rng: np.random.Generator, rate: Callable[[Callable[[], Outcome]], float], most: float
) -> list[Check]:
    """Every host, both kinds of gate, the looks of a confirmation, of an A/B test, and the quick one."""
    found = []
    for kind, rule in (("absolute", absolute), ("speedup", relative)):
        for said, looks in LOOKS.items():
            for name, host in HOSTS.items():
                passes = rate(partial(rule, rng, host, looks))
                found.append(at_most(f"{kind}, {said}: {name}", passes, most, "false PASS"))
    return found


def power(
    rng: np.random.Generator, rate: Callable[[Callable[[], Outcome], int], float], runs: int
) -> dict[str, list[dict[str, float | str]]]:
    """P(PASS) of a build that is better than the bound, on each host at the full looks."""
    tables: dict[str, list[dict[str, float | str]]] = {}
    for kind, rule, truths in (
        ("absolute speed", absolute, (1.05, 1.1, 1.2, 1.5)),
        ("speedup", relative, (2.1, 2.2, 2.5, 3.0)),
    ):
        tables[f"{kind} on a host that swings"] = [
            {"host": name}
            | {f"{truth:g}": rate(partial(rule, rng, host, FULL, truth), runs) for truth in truths}
            for name, host in HOSTS.items()
        ]
    return tables


def absolute(rng: np.random.Generator, host: Host, looks: Sequence[int], truth: float = 1.0) -> Outcome:
    """A build that would give ``truth`` times the bound at the median of all slots of its run; it was timed in one of three."""
    shape = (looks[-1], _ARMS)
    slots = host(rng, *shape) + rng.normal(scale=_BLOCK, size=shape)
    mine = slots[np.arange(looks[-1]), rng.integers(_ARMS, size=looks[-1])]
    outcome = Outcome.INCONCLUSIVE
    for look in looks:
        speeds = _BOUND * truth * np.exp(mine[:look] - float(np.median(slots[:look])))
        low, high, how = median_interval(speeds.tolist(), error=error_at(look))
        outcome = judge(_SPEED, _value(float(np.median(speeds)), low, high, how)).outcome
        if outcome is not Outcome.INCONCLUSIVE:
            break
    return outcome


def relative(rng: np.random.Generator, host: Host, looks: Sequence[int], truth: float = 2.0) -> Outcome:
    """A build exactly ``truth`` times as fast as the original on a host of any one speed."""
    swings = rng.permuted(host(rng, looks[-1], _ARMS), axis=1)  # arms in random order
    scatter = rng.normal(scale=_BLOCK, size=(looks[-1], 2))
    logs = math.log(truth) + swings[:, 0] - swings[:, 1] + scatter[:, 0] - scatter[:, 1]
    outcome = Outcome.INCONCLUSIVE
    for look in looks:
        mean, half, how = log_interval(logs[:look].tolist(), error=error_at(look))
        value = _value(math.exp(mean), math.exp(mean - half), math.exp(mean + half), how)
        outcome = judge(_RATIO, value).outcome
        if outcome is not Outcome.INCONCLUSIVE:
            break
    return outcome


def _value(number: float, low: float, high: float, how: str) -> Value:
    return Value(value=number, unit="1", label=Label.DERIVED, method=how, n=2, ci_low=low, ci_high=high)
