"""Interleaved rounds: every arm once, in random order, each in a fresh process, the baseline always among them."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.core.jobs import Failure
from edgewright.core.measurement import Block
from edgewright.core.run import Trial
from edgewright.pipeline.state import BASELINE, State
from edgewright.stages.bench import bench


def run_round(state: State, number: int, trials: Sequence[str]) -> None:
    """One round over the baseline and those of ``trials`` that are alive; a finished round is never redone."""
    arms = [identifier for identifier in trials if state.alive(identifier)]
    known = state.rounds.get(number)
    if known is not None and set(arms) | {BASELINE} <= set(known):
        state.judge()
        return
    if not arms:
        return
    order = [*arms, BASELINE]
    state.rng.shuffle(order)
    blocks: dict[str, Block] = {}
    for place, identifier in enumerate(order):
        state.shop.reporter.phase(f"timing {identifier} ({place + 1} of {len(order)} in this round)")
        block = _block(state, identifier)
        if isinstance(block, Block):
            blocks[identifier] = block
        elif identifier != BASELINE:
            state.fail(state.trials[identifier].recipe, block, "timing")
    if BASELINE in blocks:
        state.measured(number, blocks)


def _block(state: State, identifier: str) -> Block | Failure:
    if identifier == BASELINE:
        path, recipe = state.source.path, state.run.baseline.recipe
    else:
        trial: Trial = state.trials[identifier]
        if trial.artifact is None:
            raise AssertionError("a scored trial has an artifact")
        path, recipe = trial.artifact.path, trial.recipe
    backend = state.shop.backend(recipe.framework)
    return bench(
        state.shop,
        backend,
        artifact=path,
        runtime=recipe.runtime,
        ids=state.ids,
        workload=state.request.workload,
        log=state.log(identifier, "bench"),
    )
