"""How often the protocol's rules are wrong at their boundaries, and how often they can tell: 10,000 simulated runs each.

A run is simulated where the truth lies exactly on a gate's bound; a PASS there is false. The whole procedure is played:
looks, early stops, exact methods, clusters.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import ndtr

from benchmarks import swings
from benchmarks.checks import Check, at_most, finish
from edgewright.core.decision.policy import Gate
from edgewright.core.decision.verdict import Outcome, judge
from edgewright.core.measurement.quantity import Label, Value
from edgewright.core.statistics.clusters import RUN
from edgewright.core.statistics.looks import EARLY_LOOKS, ITEM_LOOKS, ROUND_LOOKS, TEXT_LOOKS, error_at
from edgewright.core.statistics.ratio import log_interval
from edgewright.core.statistics.retention import above_chance, retained
from edgewright.core.statistics.steadiness import block_variation, drift, early_share

_RUNS = 10_000
_FALSE_PASS = 0.06
_POWER_RUNS = 1000
_ACCURACY = Gate(metric="accuracy_retained", at_least=0.95)
_SPEED = Gate(metric="speedup", at_least=2.0)
_LOOKS = EARLY_LOOKS + ROUND_LOOKS
_VARIATION = 0.05
_DRIFT = 0.10

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Answers = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def main(arguments: Sequence[str]) -> int:
    """All boundaries, then the power tables."""
    del arguments
    started = time.time()
    rng = np.random.default_rng(2026)
    checks: list[Check] = []
    for right, gained in ((0.3, 0.02), (0.45, 0.03), (0.6, 0.005), (0.8, 0.0), (0.95, 0.01)):
        name = f"items: original right on {right:.0%}, build gains {gained:.1%}, retains exactly 95 %"
        rate = _rate(partial(_items, rng, right, 0.95, gained, ITEM_LOOKS))
        checks.append(at_most(name, rate, _FALSE_PASS, "false PASS"))
    for together in (0.0, 0.05, 0.2):
        name = f"text: runs of {RUN} positions, {together:.0%} of the scatter shared, retains exactly 95 %"
        rate = _rate(partial(_text, rng, 0.45, 0.95, 0.03, together))
        checks.append(at_most(name, rate, _FALSE_PASS, "false PASS"))
    for noise in (
        "normal 2 %",
        "normal 10 %",
        "normal 30 %",
        "heavy tails 10 %",
        "one block in ten 30 % slow",
    ):
        rate = _rate(partial(_rounds, rng, 2.0, noise))
        checks.append(at_most(f"speed: exactly 2x, {noise}", rate, _FALSE_PASS, "false PASS"))
    chance = sum(above_chance(list(rng.random(400) < 0.30), 0.25) for _ in range(_RUNS)) / _RUNS
    checks.append(at_most("chance: original exactly 5 points above it", chance, _FALSE_PASS, "false PASS"))
    unsteady = sum(_called_unsteady(rng, _VARIATION) for _ in range(_RUNS)) / _RUNS
    checks.append(at_most("steadiness: blocks vary by exactly 5 %", unsteady, _FALSE_PASS, "false FAIL"))
    for name, variation, change in (
        ("blocks vary by 10 %, twice the bound", 2 * _VARIATION, 0.0),
        ("a drift by 20 % over seven rounds, twice the bound, blocks vary by 2 %", 0.02, 2 * _DRIFT),
    ):
        calm = sum(_called_steady(rng, variation, change) for _ in range(_RUNS)) / _RUNS
        checks.append(at_most(f"steadiness: {name}", calm, _FALSE_PASS, "PASS"))
    checks += swings.checks(rng, _rate, _FALSE_PASS)
    power: Mapping[str, Sequence[Mapping[str, float | str]]] = {
        "retention": _retention_power(rng),
        "speed": _speed_power(rng),
        "rounds until a speedup is decided: mean": _speed_rounds(rng),
        **swings.power(rng, _rate, _POWER_RUNS),
    }
    _print_power(power)
    return finish("simulation", checks, started, runs=_RUNS, power=power)


def _rate(run: Callable[[], Outcome], runs: int = _RUNS) -> float:
    return sum(run() is Outcome.PASS for _ in range(runs)) / runs


def _draw(rng: np.random.Generator, n: int, right: float, share: float, gained: float) -> Answers:
    """Answers of original and build on the same items, the build's accuracy being ``share`` of the original's."""
    lost = right * (1.0 - share) + gained
    b = rng.random(n) < right
    c = np.where(b, rng.random(n) >= lost / right, rng.random(n) < gained / (1.0 - right))
    return b, c


def _items(
    rng: np.random.Generator, right: float, share: float, gained: float, looks: Sequence[int]
) -> Outcome:
    b, c = _draw(rng, looks[-1], right, share, gained)
    outcome = Outcome.INCONCLUSIVE
    for look in looks:
        outcome = judge(_ACCURACY, retained(c[:look].tolist(), b[:look].tolist())).outcome
        if outcome is not Outcome.INCONCLUSIVE:
            break
    return outcome


def _text(rng: np.random.Generator, right: float, share: float, gained: float, together: float) -> Outcome:
    """Positions whose answers are correlated within runs: both right and lost answers follow a shared normal score."""
    runs = TEXT_LOOKS[-1] // RUN
    clusters = np.repeat(np.arange(runs), RUN)
    lost = right * (1.0 - share) + gained

    def uniform() -> Numbers:
        shared = rng.normal(size=runs)[clusters] * math.sqrt(together)
        own = rng.normal(size=len(clusters)) * math.sqrt(1.0 - together)
        scores: Numbers = ndtr(shared + own)
        return scores

    b = uniform() < right
    change = uniform()
    c = np.where(b, change >= lost / right, change < gained / (1.0 - right))
    outcome = Outcome.INCONCLUSIVE
    for look in TEXT_LOOKS:
        value = retained(c[:look].tolist(), b[:look].tolist(), clusters[:look])
        outcome = judge(_ACCURACY, value).outcome
        if outcome is not Outcome.INCONCLUSIVE:
            break
    return outcome


def _rounds(rng: np.random.Generator, ratio: float, noise: str) -> Outcome:
    return _confirmed(rng, ratio, noise)[0]


def _confirmed(rng: np.random.Generator, ratio: float, noise: str) -> tuple[Outcome, int]:
    """What a confirmation's looks at the ratio come to, and after how many rounds."""
    outcome, look = Outcome.INCONCLUSIVE, 0
    logs = math.log(ratio) + _scatter(rng, noise)
    for look in _LOOKS:
        mean, half, method = log_interval(logs[:look].tolist(), error=error_at(look))
        value = Value(
            value=math.exp(mean),
            unit="1",
            label=Label.DERIVED,
            method=method,
            ci_low=math.exp(mean - half),
            ci_high=math.exp(mean + half),
        )
        outcome = judge(_SPEED, value).outcome
        if outcome is not Outcome.INCONCLUSIVE:
            break
    return outcome, look


def _scatter(rng: np.random.Generator, noise: str) -> Numbers:
    n = ROUND_LOOKS[-1]
    if noise.startswith("normal"):
        return rng.normal(scale=float(noise.split()[1]) / 100.0, size=n)
    if noise.startswith("heavy"):
        heavy: Numbers = rng.standard_t(4, size=n) * 0.1 / math.sqrt(2.0)
        return heavy
    slow = (rng.random(n) < 0.1) * math.log(1.3)
    even = (rng.random(n) < 0.1) * math.log(1.3)  # either arm may be the slow one
    spread: Numbers = rng.normal(scale=0.03, size=n) + slow - even
    return spread


def _called_unsteady(rng: np.random.Generator, variation: float) -> bool:
    speeds = np.exp(rng.normal(scale=variation, size=ROUND_LOOKS[0])).tolist()
    looks = (*EARLY_LOOKS, ROUND_LOOKS[0])
    found = [block_variation(speeds[:look], error=error_at(look)) for look in looks]
    return any(figure is not None and figure[1] > _VARIATION for figure in found)


def _called_steady(rng: np.random.Generator, variation: float, change: float) -> bool:
    """Whether both gates between blocks pass at a look, seven rounds at most; later ones are not waited for."""
    rounds = ROUND_LOOKS[0]
    slowing = change * np.arange(rounds) / (rounds - 1)
    speeds = np.exp(rng.normal(scale=variation, size=rounds) - slowing).tolist()
    for look in (*EARLY_LOOKS, rounds):
        scatter, trend, share = block_variation(speeds[:look]), drift(speeds[:look]), early_share(look)
        room = 1.0 if share is None else share
        if scatter and trend and scatter[0] <= room * _VARIATION and trend[0] <= room * _DRIFT:
            return True
    return False


def _retention_power(rng: np.random.Generator) -> list[dict[str, float]]:
    """P(PASS) of the whole procedure by the truth, for items and for text."""
    rows = []
    for share in (0.95, 0.96, 0.97, 0.98, 0.99, 1.0):
        row = {"true": share}
        row["items"] = _rate(partial(_items, rng, 0.6, share, 0.01, ITEM_LOOKS), _POWER_RUNS)
        row["text"] = _rate(partial(_text, rng, 0.45, share, 0.02, 0.05), _POWER_RUNS)
        rows.append(row)
    return rows


def _speed_power(rng: np.random.Generator) -> list[dict[str, float]]:
    rows = []
    for ratio in (2.0, 2.05, 2.1, 2.2, 2.5, 3.0):
        row = {"true": ratio}
        for noise in ("normal 2 %", "normal 10 %", "normal 30 %"):
            row[noise] = _rate(partial(_rounds, rng, ratio, noise), _POWER_RUNS)
        rows.append(row)
    return rows


def _speed_rounds(rng: np.random.Generator) -> list[dict[str, float]]:
    rows = []
    for ratio in (1.5, 2.0, 2.2, 2.5, 3.0, 7.0):
        row = {"true": ratio}
        for noise in ("normal 2 %", "normal 10 %", "normal 30 %"):
            looks = [_confirmed(rng, ratio, noise)[1] for _ in range(_POWER_RUNS)]
            row[noise] = float(np.mean(looks))
        rows.append(row)
    return rows


def _print_power(power: Mapping[str, Sequence[Mapping[str, float | str]]]) -> None:
    console = Console(width=150)
    for name, rows in power.items():
        told = name if ":" in name else f"power of the test of {name}: P(PASS)"
        table = Table(title=f"{told} by the truth", title_justify="left")
        for column in rows[0]:
            table.add_column(column, justify="right")
        for row in rows:
            table.add_row(*(value if isinstance(value, str) else f"{value:.3g}" for value in row.values()))
        console.print(table)
