"""What a search can choose from: every candidate of the frameworks, with what is known of it before it is built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgewright.app.optimize.mixed_precision import allocated
from edgewright.app.optimize.state import State
from edgewright.app.steps.sensitivity import TOKENS
from edgewright.core.prediction.expectation import Prospect
from edgewright.core.prediction.search import seconds_of
from edgewright.core.recipe.allocation import packed_bytes
from edgewright.core.recipe.recipes import Recipe
from edgewright.core.recipe.sensitivity import BITS, Sensitivity, groups_of
from edgewright.core.recipe.space import Storage
from edgewright.core.run import Status, Trial
from edgewright.ports.task import Scored

_BITS = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0)
"""Bits a weight at which types are allocated to tensors."""

_TURN = 3
"""Allocations that one turn could try: as if no later turn made use of the table, each pays for its share."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A candidate of the pool. An allocation to ``target`` bytes has no recipe before the sensitivity table is measured."""

    id: str
    framework: str
    size_bytes: float
    storage: Storage
    recipe: Recipe | None = None
    target: float = 0.0
    cost: float = 1.0


class Pool:
    """Candidates that were not tried yet, by name; those in ``elsewhere`` are not for this host."""

    def __init__(self, state: State) -> None:
        self._state = state
        tied = state.setup.source.facts.tied_embeddings
        self._groups = groups_of(state.setup.context.files.tensors(Path(state.setup.source.path)), tied=tied)
        self._storages: dict[str, Storage] = {}
        self.elsewhere: list[Trial] = []
        self.left = {
            entry.id: entry for name in state.setup.plan.frameworks() for entry in self._entries(name)
        }

    def trial(self, identifier: str) -> Trial | None:
        """Take a candidate out, as the trial that it becomes; None where no allocation reaches its size."""
        entry = self.left.pop(identifier)
        return Trial(recipe=entry.recipe) if entry.recipe else self._allocation(entry)

    def options(self) -> list[Prospect]:
        """What is left, as `core.prediction.search` weighs it."""
        return [self._option(entry) for entry in self.left.values()]

    def raw_kl(self, trial: Trial) -> float:
        """What plain rounding to a build's format costs: by its storage, or as it was predicted of an allocation."""
        if trial.id in self._storages:
            return self._storages[trial.id].raw_kl(self._groups, self._table())
        predicted = trial.predicted.get("kl_divergence")
        return predicted.value or 0.0 if predicted else 0.0

    def held_bytes(self, framework: str, recipe: Recipe | None, size_bytes: float) -> float:
        """What the runtime is declared to hold for weights of that size; without a recipe nothing is known to be packed."""
        backend, facts = self._state.setup.context.backend(framework), self._state.setup.source.facts
        space, mixture = backend.space(facts), backend.mixture(facts)
        held = space.memory_per_byte * size_bytes if space else size_bytes
        if recipe is None:
            return held
        if mixture is not None and "types" in recipe.build:
            return held + packed_bytes(str(recipe.build["types"]), mixture.types, self._groups)
        storage = self._storages.get(recipe.id)
        return held + (storage.packed_bytes(self._groups) if storage else 0.0)

    def _entries(self, framework: str) -> Iterator[Entry]:
        state, first = self._state, self._state.setup.plan.of(framework)[0]
        base = state.measured.made.get(first.id)
        space = state.setup.context.backend(framework).space(state.setup.source.facts)
        if base is None or space is None or state.record.trials[first.id].status is not Status.MEASURED:
            return
        kept = space.kept_bytes(self._groups, base.manifest.size_bytes)
        planned = {recipe.id for recipe in state.setup.plan.of(framework)}
        for candidate in space.candidates:
            name = candidate.recipe.id
            self._storages[name] = candidate.storage
            begun = name in state.record.trials and state.record.trials[name].status is not Status.PLANNED
            if begun or (state.setup.request.only and name not in planned):
                continue
            if not state.record.run.assessment.host.meets(candidate.needs):
                reason = f"takes too long on a host without {' and '.join(candidate.needs)}"
                self.elsewhere.append(Trial(recipe=candidate.recipe, status=Status.UNTRIED, reason=reason))
                continue
            yield Entry(
                id=name,
                framework=framework,
                size_bytes=candidate.storage.matrix_bytes(self._groups) + kept,
                storage=candidate.storage,
                recipe=candidate.recipe,
                cost=candidate.cost,
            )
        if not state.setup.request.only:
            yield from self._mixtures(framework, kept, base.manifest.size_bytes - base.manifest.weight_bytes)

    def _mixtures(self, framework: str, kept: float, companions: float) -> Iterator[Entry]:
        """Allocations at several sizes; ``companions`` are bytes of files without weights, which no allocation counts."""
        mixture = self._state.setup.context.backend(framework).mixture(self._state.setup.source.facts)
        bits = [kind.bits for kind in mixture.types] if mixture else []
        for wanted in _BITS if mixture else ():
            storage = Storage(
                bits=wanted, rounding_bits=wanted, copies=1 if mixture and mixture.shared_ends else 2
            )
            if min(bits) < wanted < max(bits):
                size = storage.matrix_bytes(self._groups) + kept
                yield Entry(
                    id=f"{framework}/mixed@{wanted:g}",
                    framework=framework,
                    size_bytes=size,
                    storage=storage,
                    target=size - companions,
                )

    def _option(self, entry: Entry) -> Prospect:
        """What is expected of an entry; of an allocation what its best types come to, once the table says."""
        state = self._state
        scored = [
            scores.seconds
            for name, scores in state.measured.scores.items()
            if name in state.record.trials and state.record.trials[name].recipe.framework == entry.framework
        ]
        seconds = seconds_of(entry.cost, scored)
        found = self._allocation(entry) if entry.recipe is None and self._table() else None
        recipe = found.recipe if found else entry.recipe
        predicted = found.predicted["kl_divergence"].value if found else None
        if entry.recipe is None and state.measured.sensitivity is None:
            seconds += self._table_seconds() / _TURN
        return Prospect(
            id=entry.id,
            framework=entry.framework,
            size_bytes=entry.size_bytes,
            raw_kl=entry.storage.raw_kl(self._groups, self._table()) if predicted is None else predicted,
            held_bytes=self.held_bytes(entry.framework, recipe, entry.size_bytes),
            seconds=seconds,
        )

    def _table(self) -> Sensitivity | None:
        known = self._state.measured.sensitivity
        return known if isinstance(known, Sensitivity) else None

    def _table_seconds(self) -> float:
        """What measuring the sensitivity table would take, by what scoring the original took."""
        scored: Scored = self._state.measured.scores[self._state.setup.baseline_id]
        return len(self._groups) * len(BITS) * TOKENS * scored.seconds / max(scored.tokens, 1)

    def _allocation(self, entry: Entry) -> Trial | None:
        state = self._state
        base = state.measured.made[state.setup.plan.of(entry.framework)[0].id]
        return allocated(state, entry.framework, base, entry.target)
