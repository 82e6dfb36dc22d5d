"""Energy per token: half a minute of each build under the machine's counters, or a model's estimate where there is none."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgewright.app.measure.rounds import Arm, Timing, timed_round
from edgewright.app.steps.estimate import estimate
from edgewright.core.device.toolchain import ToolchainSpec, unavailable
from edgewright.core.jobs.results import error_of
from edgewright.core.measurement.energy import METRIC
from edgewright.core.measurement.quantity import Value, not_available
from edgewright.core.measurement.records import ENERGY, Block, Workload
from edgewright.core.measurement.rounds import Round
from edgewright.core.measurement.speed import speed_values
from edgewright.errors import UsageError
from edgewright.ports import Context
from edgewright.reasons import because
from edgewright.tasks.text_generation.timing import on_ids

BLOCK = "energy"
"""The name of an energy block among an arm's blocks."""


def energy_model_of(context: Context, name: str) -> ToolchainSpec | None:
    """The model of that name, installed if it is not there; None for no name.

    Raises:
        UsageError: there is none of that name.
        EdgewrightError: it cannot be installed.
    """
    if not name:
        return None
    models = context.energy_models
    if name not in models:
        raise UsageError(f"Unknown energy model {name!r}.", hint=f"Known: {', '.join(models)}.")
    state = context.toolchains.ensure(models[name], context.reporter.tell)
    if not state.ready:
        raise unavailable(state)
    return models[name]


def energy_round(
    context: Context, arms: Sequence[Arm], workload: Workload, model: ToolchainSpec | None, *, watched: bool
) -> Round:
    """One block of at least 30 s for each arm; with ``watched`` a disturbed one is run again.

    Raises:
        EdgewrightError: an arm's process failed.
    """
    ids = tuple(range(1, workload.prompt_tokens + 1))
    timing = Timing(job=on_ids(ids), workload=workload, pace=replace(ENERGY, sentinel=watched))
    finished, failures = timed_round(context, arms, timing, random.Random(0))  # an order, no secret
    for failure in failures.values():
        raise error_of(failure)
    if model is None:
        return finished
    log = context.logs / f"{model.name}.log"
    blocks = {name: estimate(context, model, block, log) for name, block in finished.blocks.items()}
    return replace(finished, blocks=blocks)


def energy_values(finished: Round, name: str) -> Mapping[str, Value]:
    """Energy and processor time per token of one arm of an energy round."""
    block: Block | None = finished.blocks.get(name)
    if block is None:
        causes = next((one.causes for one in finished.invalid if one.arm == name), ())
        why = because("every_block_disturbed", causes=causes or (because("not_run"),))
        return {METRIC: not_available(METRIC, why)}
    values = speed_values([block])
    return {METRIC: values[METRIC]} if METRIC in values else {}
