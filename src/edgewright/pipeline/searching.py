"""The search of everything that the frameworks can build: a few builds at a time, those that promise most, until a budget is spent.

What is measured so far says what is expected of the rest (`core.search`). A candidate that could not add to the front even at
its best is never built; one whose accuracy fails a gate on the first window is not timed. Begun again, a search finds its
scores in the store and its rounds in the journal, proposes the same builds, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from edgewright.core.answers import Failure
from edgewright.core.policy import OBJECTIVES, Policy
from edgewright.core.quantity import METRICS, Label, Value
from edgewright.core.recipe import Recipe
from edgewright.core.roofline import Capability, decode_bound
from edgewright.core.run import Status, Trial
from edgewright.core.search import FIGURES, Figures, Hopeless, Option, Proposal, Seen, batch, seconds_of
from edgewright.core.sensitivity import BITS, Sensitivity, groups_of
from edgewright.core.space import Storage
from edgewright.core.verdict import DEVICE_BOUND, Outcome
from edgewright.pipeline.arms import run_round
from edgewright.pipeline.making import make
from edgewright.pipeline.mixing import allocated
from edgewright.pipeline.quota import keep_within
from edgewright.pipeline.state import BASELINE, EXPLORE, State
from edgewright.stages.profile import capability

_AT_ONCE = 3
"""Builds of one round: the original stands in each, so that single ones would spend half of their time on it."""

_BITS = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0)
"""Bits a weight at which types are allocated to tensors."""

_TABLE_TOKENS = 256
"""Tokens that each cell of a sensitivity table is measured on."""

_USELESS_KL = 1.0
"""Nat per token: a model that has lost this much is of no use, whatever the gates say."""


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A candidate of the pool. An allocation to ``target`` bytes has no recipe before the sensitivity table is measured."""

    id: str
    framework: str
    size_bytes: float
    storage: Storage
    recipe: Recipe | None = None
    target: float = 0.0
    cost: float = 1.0


def search(state: State) -> None:
    """Try candidates while there is a budget and any of them promises something; the others are kept with their reasons."""
    finder = _Finder(state)
    turn = 0
    while True:
        proposals, hopeless = finder.proposals(turn)
        if not proposals or state.spent():
            break
        finder.attempt(proposals, turn)
        turn += 1
    finder.leave(hopeless)


class _Finder:
    """The pool of candidates, and what is known to judge them by."""

    def __init__(self, state: State) -> None:
        self._state = state
        tied = state.source.facts.tied_embeddings
        self._groups = groups_of(state.shop.files.tensors(Path(state.source.path)), tied=tied)
        self._storages: dict[str, Storage] = {}
        self._pool = {entry.id: entry for name in state.plan.frameworks() for entry in self._entries(name)}
        self._able = _capability(state)

    # --- the pool ---

    def _entries(self, framework: str) -> Iterator[_Entry]:
        state, first = self._state, self._state.plan.of(framework)[0]
        base = state.made.get(first.id)
        space = state.shop.backend(framework).space(state.source.facts)
        if base is None or space is None or state.trials[first.id].status is not Status.MEASURED:
            return
        kept = space.kept_bytes(self._groups, base.manifest.weight_bytes)
        planned = {recipe.id for recipe in state.plan.of(framework)}
        for candidate in space.candidates:
            name = candidate.recipe.id
            self._storages[name] = candidate.storage
            wrong_device = candidate.devices and state.run.assessment.target.name not in candidate.devices
            begun = name in state.trials and state.trials[name].status is not Status.PLANNED
            if wrong_device or begun or (state.request.only and name not in planned):
                continue
            yield _Entry(
                id=name,
                framework=framework,
                size_bytes=candidate.storage.matrix_bytes(self._groups) + kept,
                storage=candidate.storage,
                recipe=candidate.recipe,
                cost=candidate.cost,
            )
        if not state.request.only:
            yield from self._mixtures(framework, kept)

    def _mixtures(self, framework: str, kept: float) -> Iterator[_Entry]:
        mixture = self._state.shop.backend(framework).mixture(self._state.source.facts)
        bits = [kind.bits for kind in mixture.types] if mixture else []
        for wanted in _BITS if mixture else ():
            storage = Storage(
                bits=wanted, rounding_bits=wanted, copies=1 if mixture and mixture.shared_ends else 2
            )
            if min(bits) < wanted < max(bits):
                size = storage.matrix_bytes(self._groups) + kept
                yield _Entry(
                    id=f"{framework}/mixed@{wanted:g}",
                    framework=framework,
                    size_bytes=size,
                    storage=storage,
                    target=size,
                )

    # --- a turn ---

    def proposals(self, turn: int) -> tuple[list[Proposal], list[Hopeless]]:
        """What to try next, and what is not worth trying."""
        state = self._state
        seen = self._seen()
        if not seen:
            return [], []
        options = [self._option(entry) for entry in self._pool.values()]
        left = _AT_ONCE
        if state.request.budget_trials is not None:
            left = max(min(left, state.request.budget_trials - state.tried()), 1)
        return batch(
            seen,
            options,
            _reference(state),
            _metrics(state.request.policy),
            most=left,
            rng=Random(f"{state.request.seed}/{turn}"),  # draws, no secrets
            fastest=self._fastest(options),
        )

    def attempt(self, proposals: Sequence[Proposal], turn: int) -> None:
        """Build, score and time them in one round beside the original."""
        state = self._state
        recipes = []
        for proposal in proposals:
            entry = self._pool.pop(proposal.option.id)
            trial = Trial(recipe=entry.recipe) if entry.recipe else self._allocation(entry)
            if trial is None or (trial.id in state.trials and state.trials[trial.id].values):
                continue
            predicted = {**_predicted(proposal.expected), **trial.predicted}
            state.update(replace(trial, predicted=predicted), "proposed")
            recipes.append(trial.recipe)
        make(state, recipes, glance=True)
        run_round(state, f"{EXPLORE}search/{turn}", [r.id for r in recipes], state.request.pace)
        state.judge()
        keep_within(state)

    def _allocation(self, entry: _Entry) -> Trial | None:
        state = self._state
        base = state.made[state.plan.of(entry.framework)[0].id]
        return allocated(state, entry.framework, base, entry.target)

    def leave(self, hopeless: Sequence[Hopeless]) -> None:
        """Keep what was not tried, with the reason."""
        reasons = {one.option.id: one.reason for one in hopeless}
        for entry in self._pool.values():
            if entry.recipe is None:
                continue
            reason = reasons.get(entry.id, "the budget was spent on candidates that promised more")
            trial = Trial(recipe=entry.recipe, status=Status.UNTRIED, reason=reason)
            self._state.trials[trial.id] = trial
            self._state.journal.note("not-tried", trial=trial.id, reason=reason)
        self._state.save()

    # --- what is known ---

    def _option(self, entry: _Entry) -> Option:
        state = self._state
        scored = [
            scores.seconds
            for name, scores in state.scores.items()
            if name in state.trials and state.trials[name].recipe.framework == entry.framework
        ]
        seconds = seconds_of(entry.cost, scored)
        if entry.recipe is None and state.sensitivity is None:
            seconds += self._table_seconds() / _AT_ONCE  # as if no later turn made use of it
        return Option(
            id=entry.id,
            framework=entry.framework,
            size_bytes=entry.size_bytes,
            raw_kl=self._entry_kl(entry),
            seconds=seconds,
        )

    def _table(self) -> Sensitivity | None:
        known = self._state.sensitivity
        return known if isinstance(known, Sensitivity) else None

    def _entry_kl(self, entry: _Entry) -> float:
        """What plain rounding costs; of an allocation what its best types cost, once the table says."""
        found = self._allocation(entry) if entry.recipe is None and self._table() else None
        predicted = found.predicted["kl_divergence"].value if found else None
        return predicted if predicted is not None else entry.storage.raw_kl(self._groups, self._table())

    def _table_seconds(self) -> float:
        """What measuring the sensitivity table would take, by what scoring the original took."""
        scored = self._state.scores[BASELINE]
        return len(self._groups) * len(BITS) * _TABLE_TOKENS * scored.seconds / max(scored.tokens, 1)

    def _seen(self) -> list[Seen]:
        found = []
        for trial in self._state.trials.values():
            figures = {name: trial.values[name].value for name in FIGURES if name in trial.values}
            if trial.status is Status.MEASURED and not trial.variant_of and len(figures) == len(FIGURES):
                found.append(
                    Seen(
                        id=trial.id,
                        framework=trial.recipe.framework,
                        figures={name: value for name, value in figures.items() if value is not None},
                        raw_kl=self._raw_kl(trial),
                    )
                )
        return [one for one in found if len(one.figures) == len(FIGURES)]

    def _raw_kl(self, trial: Trial) -> float:
        if trial.id in self._storages:
            return self._storages[trial.id].raw_kl(self._groups, self._table())
        predicted = trial.predicted.get("kl_divergence")
        return predicted.value or 0.0 if predicted else 0.0

    def _fastest(self, options: Sequence[Option]) -> dict[str, float]:
        """The roofline of each candidate, where this host has one for it."""
        if self._able is None:
            return {}
        workload = self._state.request.workload
        context = workload.prompt_tokens + workload.decode_tokens // 2
        bounds = {
            o.id: decode_bound(self._able, o.size_bytes, self._state.source.facts, context).tok_s
            for o in options
        }
        return {name: bound for name, bound in bounds.items() if bound is not None}


def _capability(state: State) -> Capability | None:
    """What this host's memory can do; None where that could not be measured (then nothing is bounded by it)."""
    found = capability(state.shop, state.shop.reference, state.log(BASELINE, "capability"))
    if isinstance(found, Failure):
        state.note(f"candidates are not bounded by this host's memory: {found.reason}")
        return None
    return found


def _metrics(policy: Policy) -> list[str]:
    """The objectives that something can be expected of before a build is measured."""
    return [OBJECTIVES[name] for name in policy.objectives if OBJECTIVES[name] in FIGURES]


def _reference(state: State) -> Figures:
    """The figures that are of no use any more: what gates ask for, and without gates what the original has."""
    original = {name: value.value for name, value in state.run.baseline.values.items()}
    gates = {gate.metric: gate.bound for gate in state.request.policy.gates}
    speed, peak = original.get("decode_tok_s") or 0.0, original.get("peak_bytes") or 0.0
    cut = 1.0 - gates["memory_cut"] if "memory_cut" in gates else 1.0
    lost = [t.values["kl_divergence"].value for t in state.trials.values() if _inaccurate(t)]
    return {
        "decode_tok_s": max(gates.get("speedup", 0.1) * speed, gates.get("decode_tok_s", 0.0)),
        "kl_divergence": min([_USELESS_KL, *(kl for kl in lost if kl is not None)]),
        "peak_bytes": min(cut * peak, gates.get("peak_bytes", peak)),
        "size_bytes": gates.get("size_bytes", float(state.source.facts.weight_bytes)),
    }


def _inaccurate(trial: Trial) -> bool:
    """Whether a gate on accuracy surely failed."""
    return any(v.outcome is Outcome.FAIL and v.gate.metric not in DEVICE_BOUND for v in trial.verdicts)


def _predicted(expected: Mapping[str, float]) -> dict[str, Value]:
    how = "by the builds of this framework that were measured before it"
    return {
        name: Value(value=value, unit=METRICS[name].unit, label=Label.ESTIMATED, method=how)
        for name, value in expected.items()
    }
