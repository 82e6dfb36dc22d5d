"""The search against the exhaustive measurement of its space, at five seeds, with chance and a general-purpose sampler beside it.

``make bench NAME=search`` replays what `benchmarks.search.measure` measured once: a search is shown a build's figures when it
tries it, and pays the seconds that it took. No build is made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from benchmarks.checks import Check, at_least, at_most, finish
from benchmarks.search.measure import DATA, TIMES, measure
from edgewright.core.outlook import FIGURES, Figures, Prospect, Seen, outlook, place
from edgewright.core.pareto import hypervolume
from edgewright.core.search import batch, seconds_of

_METRICS = FIGURES[:3]
_SEEDS = 5
_SHARE_OF_TIME = 0.35
_SHARE_OF_VOLUME = 0.98
_USELESS_KL = 1.0


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build of the data; ``figures`` is empty where it failed."""

    id: str
    framework: str
    start: bool
    cost: float
    size_bytes: float
    raw_kl: float
    table_kl: float
    seconds: Mapping[str, float]
    figures: Figures

    @property
    def spent_s(self) -> float:
        """What trying it took, every step."""
        return sum(self.seconds.values())


class World:
    """The measured space."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        parts = data["frameworks"]
        original = next(iter(parts.values()))["original"]
        self.builds = {
            row["id"]: _build(row, part["original"], original)
            for part in parts.values()
            for row in part["builds"]
        }
        self.reference: dict[str, float] = {**original, "kl_divergence": _USELESS_KL}
        self.reference.setdefault("size_bytes", original["peak_bytes"])
        self.total_s = sum(build.spent_s for build in self.builds.values())
        self.starts = [build for build in self.builds.values() if build.start]
        self.volume = self.reached(self.builds)

    def reached(self, names: Sequence[str] | Mapping[str, Build]) -> float:
        """The hypervolume of some builds."""
        points = [place(self.builds[n].figures, _METRICS) for n in names if self.builds[n].figures]
        return hypervolume(points, place(self.reference, _METRICS))


def _build(row: Mapping[str, Any], then: Figures, now: Figures) -> Build:
    """A row of the data; frameworks were measured one after the other, so the original's speeds of the first count for all."""
    known = {name: value for name, value in row.items() if name not in {"status", "reason"}}
    figures = {
        name: value * now[name] / then[name] if name in TIMES else value
        for name, value in row["figures"].items()
    }
    return Build(**{**known, "figures": figures})


def main(arguments: Sequence[str]) -> int:
    """Measure where asked to; else replay."""
    if arguments and arguments[0] == "measure":
        measure(arguments[1:])
        return 0
    started = time.time()
    world = World(json.loads(DATA.read_text(encoding="utf-8")))
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
    seen = [_seen(build) for build in world.starts if build.figures]
    left = [build for build in world.builds.values() if not build.start]
    scored: dict[str, list[float]] = {}
    for build in world.starts:
        scored.setdefault(build.framework, []).append(build.seconds.get("score", 0.0))
    turn = 0
    while left:
        options = [
            Prospect(
                id=b.id,
                framework=b.framework,
                size_bytes=b.size_bytes,
                raw_kl=b.raw_kl,
                seconds=seconds_of(b.cost, scored[b.framework]),
            )
            for b in left
        ]
        chosen, _ = batch(seen, options, world.reference, _METRICS, most=3, rng=Random(f"{seed}/{turn}"))
        if not chosen:
            return
        for proposal in chosen:
            build = world.builds[proposal.option.id]
            if build.figures:
                seen.append(_seen(build))
                scored[build.framework].append(build.seconds.get("score", 0.0))
            yield build.id
        gone = {proposal.option.id for proposal in chosen}
        left = [build for build in left if build.id not in gone]
        turn += 1


def _drawn(world: World, seed: int) -> Iterator[str]:
    """By chance."""
    names = [build.id for build in world.builds.values() if not build.start]
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
        study = optuna.create_study(directions=["maximize"] * len(_METRICS), sampler=sampler)
        by_framework: dict[str, list[str]] = {}
        for build in world.builds.values():
            by_framework.setdefault(build.framework, []).append(build.id)
        frameworks = sorted(by_framework)
        space = {"framework": optuna.distributions.CategoricalDistribution(frameworks)}
        space |= {
            name: optuna.distributions.CategoricalDistribution(by_framework[name]) for name in frameworks
        }
        worst = [
            min(place(b.figures, _METRICS)[i] for b in world.builds.values() if b.figures) for i in range(3)
        ]
        for build in world.starts:
            if build.figures:
                params = {"framework": build.framework, build.framework: build.id}
                told = optuna.trial.create_trial(
                    params=params,
                    distributions={name: space[name] for name in params},
                    values=list(place(build.figures, _METRICS)),
                )
                study.add_trial(told)
        tried: set[str] = {build.id for build in world.starts}
        while len(tried) < len(world.builds):
            trial = study.ask()
            framework = trial.suggest_categorical("framework", frameworks)
            name = str(trial.suggest_categorical(framework, by_framework[framework]))
            figures = world.builds[name].figures
            study.tell(trial, list(place(figures, _METRICS)) if figures else worst)
            if name not in tried:  # what was tried costs nothing again
                tried.add(name)
                yield name

    return chosen


def _seen(build: Build) -> Seen:
    return Seen(id=build.id, framework=build.framework, figures=build.figures, raw_kl=build.raw_kl)


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
    built = [b for b in world.builds.values() if b.figures and not b.start]
    sizes = {b.id: abs(b.size_bytes / b.figures["size_bytes"] - 1.0) for b in built}
    peaks: dict[str, float] = {}
    checks = []
    for framework in sorted({b.framework for b in built}):
        first = outlook([_seen(b) for b in world.starts if b.framework == framework and b.figures])
        mine = [b for b in built if b.framework == framework]
        for b in mine:
            expected = first.expected(
                Prospect(id=b.id, framework=framework, size_bytes=b.size_bytes, raw_kl=b.raw_kl, seconds=0.0)
            )
            peaks[b.id] = abs(expected["peak_bytes"] / b.figures["peak_bytes"] - 1.0)
        rank = float(
            spearmanr([b.table_kl for b in mine], [b.figures["kl_divergence"] for b in mine]).statistic
        )
        checks.append(
            at_least(f"{framework}: rank correlation of predicted KL", rank, 0.9, "1", f"{len(mine)} builds")
        )
    for title, errors, bound in (("size", sizes, 0.02), ("peak memory", peaks, 0.10)):
        worst = max(errors, key=lambda name: errors[name])
        checks.append(at_most(f"predicted {title}: largest error", errors[worst], bound, "share", worst))
    return checks
