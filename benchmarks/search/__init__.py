"""The search against the exhaustive measurement of its space, at five seeds, with chance and a general-purpose sampler beside it.

``make bench NAME=search`` replays what `benchmarks.search.measure` measured once: a search is shown a build's figures when it
tries it, and pays the seconds that it took. No build is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from statistics import mean

from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from benchmarks.checks import Check, at_least, at_most, finish, worst_within
from benchmarks.search.data import read
from benchmarks.search.measure import measure
from benchmarks.search.world import METRICS, World
from edgewright.core.prediction.expectation import place, predictor
from edgewright.core.prediction.search import batch, seconds_of

_SEEDS = 5
_SHARE_OF_TIME = 0.35
_SHARE_OF_VOLUME = 0.98


def main(arguments: Sequence[str]) -> int:
    """Measure where asked to; else replay."""
    if arguments and arguments[0] == "measure":
        measure(arguments[1:])
        return 0
    started = time.time()
    data = read()
    if data is None:
        print("Nothing is measured yet: python -m benchmarks search measure")
        return 2
    world = World(data)
    ways: dict[str, Callable[[World, int], Iterator[str]]] = {"search": _searched, "random": _drawn}
    if (tpe := _sampler()) is not None:
        ways["TPE (Optuna)"] = tpe
    curves = {name: [_curve(world, way(world, seed)) for seed in range(_SEEDS)] for name, way in ways.items()}
    _show(curves)
    candidates = len(world.builds) - len(world.starts)
    checks = [at_least("candidates measured exhaustively", candidates, 40, "builds")]
    for seed, curve in enumerate(curves["search"]):
        share = _time_to(curve, _SHARE_OF_VOLUME)
        checks.append(
            at_most(f"time to 98 % of the volume, seed {seed}", share, _SHARE_OF_TIME, "share of all")
        )
    for name in list(ways)[1:]:
        shares = [_time_to(curve, _SHARE_OF_VOLUME) for curve in curves[name]]
        note = f"at {_SHARE_OF_TIME:.0%} of the time: {mean(_volume_at(c, _SHARE_OF_TIME) for c in curves[name]):.1%} of the volume"
        checks.append(
            Check(
                name=f"{name}: the same",
                value=mean(shares),
                unit="share of all",
                bound="reported",
                ok=True,
                note=note,
            )
        )
    return finish("search", [*checks, *_foretold(world)], started, total_seconds=world.total_s, curves=curves)


# --- ways to choose ---


def _searched(world: World, seed: int) -> Iterator[str]:
    """As `optimize --budget` chooses."""
    seen = [build.seen for build in world.starts if build.figures]
    left = [build for build in world.builds.values() if not build.starts]
    scored: dict[str, list[float]] = {}
    for build in world.starts:
        scored.setdefault(build.framework, []).append(build.seconds.get("score", 0.0))
    turn = 0
    while left:
        options = [b.prospect(seconds_of(b.cost, scored[b.framework])) for b in left]
        chosen, _ = batch(seen, options, world.reference, METRICS, most=3, rng=Random(f"{seed}/{turn}"))
        if not chosen:
            return
        for proposal in chosen:
            build = world.builds[proposal.option.id]
            if build.figures:
                seen.append(build.seen)
                scored[build.framework].append(build.seconds.get("score", 0.0))
            yield build.id
        gone = {proposal.option.id for proposal in chosen}
        left = [build for build in left if build.id not in gone]
        turn += 1


def _drawn(world: World, seed: int) -> Iterator[str]:
    """By chance."""
    names = [build.id for build in world.builds.values() if not build.starts]
    yield from Random(seed).sample(names, len(names))


def _sampler() -> Callable[[World, int], Iterator[str]] | None:
    """Optuna's multi-objective TPE over framework and build, where it is installed."""
    try:
        import optuna  # type: ignore[import-not-found]  # noqa: PLC0415  # only for who installed it
    except ImportError:
        return None
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def chosen(world: World, seed: int) -> Iterator[str]:
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, n_startup_trials=6)
        study = optuna.create_study(directions=["maximize"] * len(METRICS), sampler=sampler)
        by_framework: dict[str, list[str]] = {}
        for build in world.builds.values():
            by_framework.setdefault(build.framework, []).append(build.id)
        frameworks = sorted(by_framework)
        space = {"framework": optuna.distributions.CategoricalDistribution(frameworks)}
        space |= {
            name: optuna.distributions.CategoricalDistribution(by_framework[name]) for name in frameworks
        }
        worst = [
            min(place(b.figures, METRICS)[i] for b in world.builds.values() if b.figures) for i in range(3)
        ]
        for build in world.starts:
            if build.figures:
                params = {"framework": build.framework, build.framework: build.id}
                told = optuna.trial.create_trial(
                    params=params,
                    distributions={name: space[name] for name in params},
                    values=list(place(build.figures, METRICS)),
                )
                study.add_trial(told)
        tried: set[str] = {build.id for build in world.starts}
        while len(tried) < len(world.builds):
            trial = study.ask()
            framework = trial.suggest_categorical("framework", frameworks)
            name = str(trial.suggest_categorical(framework, by_framework[framework]))
            figures = world.builds[name].figures
            study.tell(trial, list(place(figures, METRICS)) if figures else worst)
            if name not in tried:  # what was tried costs nothing again
                tried.add(name)
                yield name

    return chosen


# --- what came of it ---

Curve = list[tuple[float, float]]
"""Shares of the exhaustive time and of its volume, after the start and after each build."""


def _curve(world: World, tried: Iterator[str]) -> Curve:
    names = [build.id for build in world.starts]
    spent = sum(build.spent_s for build in world.starts)
    points = [(spent / world.total_s, world.reached(names) / world.volume)]
    for name in tried:
        names.append(name)
        spent += world.builds[name].spent_s
        points.append((spent / world.total_s, world.reached(names) / world.volume))
    return points


def _time_to(curve: Curve, volume: float) -> float:
    """The share of time at which a share of the volume is reached; 1 where it never is."""
    return next((spent for spent, reached in curve if reached >= volume), 1.0)


def _volume_at(curve: Curve, share: float) -> float:
    return max((reached for spent, reached in curve if spent <= share), default=0.0)


def _show(curves: Mapping[str, Sequence[Curve]]) -> None:
    table = Table(title="share of the hypervolume, mean of five seeds", title_justify="left")
    shares = (0.15, 0.20, 0.25, 0.30, 0.35, 0.50, 0.75)
    table.add_column("at this share of the time")
    for share in shares:
        table.add_column(f"{share:.0%}", justify="right")
    for name, some in curves.items():
        cells = [f"{mean(_volume_at(curve, share) for curve in some):.1%}" for share in shares]
        table.add_row(name, *cells)
    Console().print(table)


def _foretold(world: World) -> list[Check]:
    """Predictions before a build against what was measured: size by format, memory by the start, accuracy by the table."""
    built = [b for b in world.builds.values() if b.figures and not b.starts]
    sizes = {b.id: abs(b.size_bytes / b.figures["size_bytes"] - 1.0) for b in built}
    peaks: dict[str, float] = {}
    checks = []
    for framework in sorted({b.framework for b in built}):
        first = predictor([b.seen for b in world.starts if b.framework == framework and b.figures])
        mine = [b for b in built if b.framework == framework]
        for b in mine:
            expected = first.expected(b.prospect(0.0))
            peaks[b.id] = abs(expected["peak_bytes"] / b.figures["peak_bytes"] - 1.0)
        rank = float(
            spearmanr([b.table_kl for b in mine], [b.figures["kl_divergence"] for b in mine]).statistic
        )
        checks.append(
            at_least(f"{framework}: rank correlation of predicted KL", rank, 0.9, "1", f"{len(mine)} builds")
        )
    return [
        *checks,
        worst_within("predicted size", sizes, 0.02),
        worst_within("predicted peak memory", peaks, 0.10),
    ]
