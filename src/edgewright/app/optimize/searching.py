"""The search of everything that the frameworks can build: a few builds at a time, those that promise most, until a budget is spent.

What is measured so far says what is expected of the rest (`core.prediction.search`). A candidate that could not add to the front even at
its best is never built; one whose accuracy fails a gate on the first window is not timed. Begun again, a search finds its
scores in the store and its rounds in the journal, proposes the same builds, and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from edgewright.app.optimize.arms import run_round
from edgewright.app.optimize.builds import make
from edgewright.app.optimize.candidates import Pool
from edgewright.app.optimize.quota import keep_within
from edgewright.app.optimize.state import State
from edgewright.app.steps.operators import capability
from edgewright.core.decision.policy import Policy
from edgewright.core.decision.verdict import Outcome
from edgewright.core.jobs.results import Failure
from edgewright.core.measurement.quantity import METRICS, Label, Value
from edgewright.core.measurement.rounds import Phase, RoundKey
from edgewright.core.prediction.expectation import FIGURES, Figures, Prospect, Seen
from edgewright.core.prediction.roofline import Capability, decode_bound
from edgewright.core.prediction.search import Hopeless, Proposal, batch
from edgewright.core.run import Status, Trial

_AT_ONCE = 3
"""Builds of one round: the original stands in each, so that single ones would spend half of their time on it."""

_USELESS_KL = 1.0
"""Nat per token: a model that has lost this much is of no use, whatever the gates say."""

_USELESS_TIMES = 10.0
"""So many times slower than the original is of no use, where no gate says more."""


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
    """The pool of candidates, and what they are judged by."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pool = Pool(state)
        self._able = _capability(state)

    def proposals(self, turn: int) -> tuple[list[Proposal], list[Hopeless]]:
        """What to try next, and what is not worth trying."""
        state = self._state
        seen = self._seen()
        if not seen:
            return [], []
        options = self._pool.options()
        left = _AT_ONCE
        if state.setup.request.budget_trials is not None:
            left = max(min(left, state.setup.request.budget_trials - state.record.tried()), 1)
        return batch(
            seen,
            options,
            _reference(state),
            _metrics(state.setup.request.policy),
            most=left,
            rng=Random(f"{state.setup.request.seed}/{turn}"),
            fastest=self._fastest(options),
        )

    def attempt(self, proposals: Sequence[Proposal], turn: int) -> None:
        """Build, score and time them in one round beside the original."""
        state = self._state
        recipes = []
        for proposal in proposals:
            trial = self._pool.trial(proposal.option.id)
            if trial is None or (trial.id in state.record.trials and state.record.trials[trial.id].values):
                continue
            predicted = {**_predicted(self._expected(proposal, trial)), **trial.predicted}
            state.record.update(replace(trial, predicted=predicted), "proposed")
            recipes.append(trial.recipe)
        make(state, recipes, glance=True)
        run_round(
            state,
            RoundKey(phase=Phase.SEARCH, number=turn),
            [r.id for r in recipes],
            state.setup.request.pace,
        )
        state.judge()
        keep_within(state)

    def _expected(self, proposal: Proposal, trial: Trial) -> Figures:
        """What was expected; of an allocation with the memory of the types that it got, which were not known before."""
        option, figures = proposal.option, proposal.expected
        held = self._pool.held_bytes(option.framework, trial.recipe, option.size_bytes)
        return {**figures, "peak_bytes": figures["peak_bytes"] + held - option.held_bytes}

    def leave(self, hopeless: Sequence[Hopeless]) -> None:
        """Keep what was not tried, with the reason."""
        reasons = {one.option.id: one.reason for one in hopeless}
        late = "the budget was spent on candidates that promised more"
        left = [
            Trial(recipe=entry.recipe, status=Status.UNTRIED, reason=reasons.get(entry.id, late))
            for entry in self._pool.left.values()
            if entry.recipe is not None
        ]
        for trial in [*left, *self._pool.elsewhere]:
            self._state.record.trials[trial.id] = trial
            self._state.record.event("not-tried", trial=trial.id, reason=trial.reason)
        self._state.record.save()

    # --- what is known ---

    def _seen(self) -> list[Seen]:
        found = []
        for trial in self._state.record.trials.values():
            values = {name: trial.values[name].value for name in FIGURES if name in trial.values}
            figures = {name: value for name, value in values.items() if value is not None}
            if trial.status is Status.MEASURED and not trial.variant_of and len(figures) == len(FIGURES):
                raw = self._pool.raw_kl(trial)
                name = trial.recipe.framework
                held = self._pool.held_bytes(name, trial.recipe, figures["size_bytes"])
                found.append(Seen(id=trial.id, framework=name, figures=figures, raw_kl=raw, held_bytes=held))
        return found

    def _fastest(self, options: Sequence[Prospect]) -> dict[str, float]:
        """The roofline of each candidate, where this host has one for it."""
        if self._able is None:
            return {}
        workload = self._state.setup.request.workload
        context = workload.prompt_tokens + workload.decode_tokens // 2
        bounds = {
            o.id: decode_bound(self._able, o.size_bytes, self._state.setup.source.facts, context).tok_s
            for o in options
        }
        return {name: bound for name, bound in bounds.items() if bound is not None}


def _capability(state: State) -> Capability | None:
    """What this host's memory can do; None where that could not be measured (then nothing is bounded by it)."""
    found = capability(
        state.setup.context,
        state.setup.context.reference,
        state.setup.log(state.setup.baseline_id, "capability"),
    )
    if isinstance(found, Failure):
        state.record.note(f"candidates are not bounded by this host's memory: {found.reason}")
        return None
    return found


def _metrics(policy: Policy) -> list[str]:
    """The objectives that something can be expected of before a build is measured."""
    return [policy.axes[name] for name in policy.objectives if policy.axes[name] in FIGURES]


def _reference(state: State) -> Figures:
    """The figures that are of no use any more: what gates ask for, and without gates what the original has."""
    original = {name: value.value for name, value in state.record.run.baseline.values.items()}
    gates = {gate.metric: gate.bound for gate in state.setup.request.policy.gates}
    speed, peak = original.get("decode_tok_s") or 0.0, original.get("peak_bytes") or 0.0
    prefill, first = original.get("prefill_tok_s") or 0.0, original.get("ttft_ms") or 0.0
    cut = 1.0 - gates["memory_cut"] if "memory_cut" in gates else 1.0
    lost = [t.values["kl_divergence"].value for t in state.record.trials.values() if _inaccurate(t)]
    return {
        "decode_tok_s": max(gates.get("speedup", 1 / _USELESS_TIMES) * speed, gates.get("decode_tok_s", 0.0)),
        "kl_divergence": min([_USELESS_KL, *(kl for kl in lost if kl is not None)]),
        "peak_bytes": min(cut * peak, gates.get("peak_bytes", peak)),
        "size_bytes": gates.get("size_bytes", float(state.setup.source.facts.weight_bytes)),
        "prefill_tok_s": gates.get("prefill_tok_s", prefill / _USELESS_TIMES),
        "ttft_ms": gates.get("ttft_ms", first * _USELESS_TIMES),
    }


def _inaccurate(trial: Trial) -> bool:
    """Whether a gate on accuracy surely failed."""
    return any(
        v.outcome is Outcome.FAIL and not METRICS[v.gate.metric].is_device_bound for v in trial.verdicts
    )


def _predicted(expected: Mapping[str, float]) -> dict[str, Value]:
    how = "by the builds of this framework that were measured before it"
    return {
        name: Value(value=value, unit=METRICS[name].unit, label=Label.ESTIMATED, method=how)
        for name, value in expected.items()
    }
