"""Interleaved rounds: every arm once, in random order, each in a fresh process, the baseline always among them."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.core.jobs import Failure
from edgewright.core.measurement import Block
from edgewright.core.run import Trial
from edgewright.pipeline.state import BASELINE, State
from edgewright.stages.bench import bench
from edgewright.stages.prepare import error_of

_AGAIN = 1000
"""Arms that a finished round lacks are timed in a round of their own, this much higher in number."""


def run_round(state: State, number: int, trials: Sequence[str]) -> None:
    """One round over the baseline and those of ``trials`` that are alive; a finished round is never redone.

    Raises:
        EdgewrightError: the baseline could not be timed, so that nothing can be compared.
    """
    known = state.rounds.get(number)
    arms = [identifier for identifier in trials if state.alive(identifier)]
    if known is not None:
        arms = [identifier for identifier in arms if identifier not in known]
        state.judge()
    if not arms:
        return
    if known is not None:
        run_round(state, number + _AGAIN, arms)
        return
    blocks = _time(state, arms)
    if len(blocks) > 1:
        state.measured(number, blocks)


def _time(state: State, arms: list[str]) -> dict[str, Block]:
    order = [*arms, BASELINE]
    state.rng.shuffle(order)
    blocks: dict[str, Block] = {}
    for place, identifier in enumerate(order):
        state.shop.reporter.phase(f"timing {identifier} ({place + 1} of {len(order)} in this round)")
        block = _block(state, identifier)
        if isinstance(block, Block):
            blocks[identifier] = block
        elif identifier == BASELINE:
            raise error_of(block)
        else:
            state.fail(state.trials[identifier].recipe, block, "timing")
    return blocks


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
