"""The measured space as a search sees it: what is expected of a build before it is made, and what it turns out to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.search.data import Data, Measured, Part
from edgewright.core.decision.pareto import hypervolume
from edgewright.core.prediction.expectation import FIGURES, Figures, Prospect, Seen, place
from edgewright.core.recipe.sensitivity import Group
from edgewright.core.recipe.space import Space
from edgewright.environment import Environment

METRICS = FIGURES[:3]
TIMES = ("decode_tok_s", "prefill_tok_s", "ttft_ms")
_USELESS_KL = 1.0


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build; ``figures`` is empty where it failed or nothing runs it. ``table_kl`` is what the sensitivity table says it costs."""

    id: str
    framework: str
    starts: bool
    cost: float
    size_bytes: float
    held_bytes: float
    raw_kl: float
    table_kl: float
    seconds: Mapping[str, float]
    figures: Figures

    @property
    def spent_s(self) -> float:
        """What trying it took, every step."""
        return sum(self.seconds.values())

    def prospect(self, seconds: float) -> Prospect:
        """As a search weighs it before it is made."""
        return Prospect(
            id=self.id,
            framework=self.framework,
            size_bytes=self.size_bytes,
            raw_kl=self.raw_kl,
            held_bytes=self.held_bytes,
            seconds=seconds,
        )

    @property
    def seen(self) -> Seen:
        """As a search knows it afterwards."""
        return Seen(
            id=self.id,
            framework=self.framework,
            figures=self.figures,
            raw_kl=self.raw_kl,
            held_bytes=self.held_bytes,
        )


class World:
    """All builds. Frameworks were measured one after the other, so the original's speeds of the first count for all."""

    def __init__(self, data: Data) -> None:
        self.original = next(iter(data.frameworks.values())).original
        self.builds = {build.id: build for build in _builds(data, self.original)}
        self.reference: dict[str, float] = {**self.original, "kl_divergence": _USELESS_KL}
        self.reference.setdefault("size_bytes", self.original["peak_bytes"])
        self.total_s = sum(build.spent_s for build in self.builds.values())
        self.starts = [build for build in self.builds.values() if build.starts]
        self.volume = self.reached(self.builds)

    def reached(self, names: Iterable[str]) -> float:
        """The hypervolume of some builds."""
        points = [place(self.builds[n].figures, METRICS) for n in names if self.builds[n].figures]
        return hypervolume(points, place(self.reference, METRICS))


def _builds(data: Data, now: Figures) -> Iterator[Build]:
    groups = _groups(data)
    environment = Environment(offline=True)
    for framework, part in data.frameworks.items():
        space = environment.backends[framework].space(data.facts)
        if space is None:
            raise RuntimeError(f"{framework} declares no space any more")
        yield from _part(framework, part, space, groups, data, now)


def _groups(data: Data) -> tuple[Group, ...]:
    """Those of the table, which names every matrix once or, where it is tied, in both ends."""
    return tuple(curve.group for curve in data.table.curves)


def _part(
    framework: str, part: Part, space: Space, groups: tuple[Group, ...], data: Data, now: Figures
) -> Iterator[Build]:
    kept = space.kept_bytes(groups, part.builds[0].figures["size_bytes"])
    candidates = {candidate.recipe.id: candidate for candidate in space.candidates}
    for row in part.builds:
        candidate = candidates.get(row.id)
        if candidate is None and not row.starts:
            continue  # it was declared when it was measured, and is no more
        storage = candidate.storage if candidate else space.unquantized
        size = storage.matrix_bytes(groups) + kept
        yield Build(
            id=row.id,
            framework=framework,
            starts=row.starts,
            cost=candidate.cost if candidate else 1.0,
            size_bytes=size,
            held_bytes=space.memory_per_byte * size + storage.packed_bytes(groups),
            raw_kl=storage.raw_kl(groups, None) if candidate else 0.0,
            table_kl=storage.raw_kl(groups, data.table) if candidate else 0.0,
            seconds=row.seconds,
            figures=_scaled(row, part.original, now),
        )


def _scaled(row: Measured, then: Figures, now: Figures) -> Figures:
    if not row.figures.keys() >= set(FIGURES):
        return {}
    return {
        name: value * now[name] / then[name] if name in TIMES else value
        for name, value in row.figures.items()
    }
