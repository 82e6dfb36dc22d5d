"""``benchmark``: any builds side by side, in one interleaved run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewright.api.quiet import Quiet
from edgewright.api.runnable import Runnable, runnable
from edgewright.core.jobs import Failure
from edgewright.core.measurement import Block, Placement, Workload
from edgewright.core.quantity import Value
from edgewright.core.summary import paired_values, speed_values
from edgewright.ports import Reporter, Workshop
from edgewright.stages.bench import bench
from edgewright.stages.prepare import error_of
from edgewright.wiring import Wiring


@dataclass(frozen=True, kw_only=True)
class Benchmarked:
    """One arm: its figures, with speedup and memory cut against the first arm."""

    name: str
    runtime: str
    path: str
    values: dict[str, Value]
    placement: Placement


def benchmark(
    models: Sequence[str],
    *,
    rounds: int = 3,
    workload: Workload | None = None,
    runtime: str = "",
    offline: bool = False,
    seed: int = 0,
    reporter: Reporter | None = None,
) -> tuple[Benchmarked, ...]:
    """Time builds (or models, in the reference) on the same prompt, in rounds of random order, a fresh process each.

    The prompt is the ids 1, 2, 3, ...: it costs what any prompt costs, and every vocabulary has them.

    Raises:
        EdgewrightError: a build or its runtime cannot be had, or its process failed.
    """
    wiring = Wiring(offline)
    shop = wiring.workshop(reporter or Quiet(), wiring.home.root / "logs" / "benchmark")
    arms = [runnable(wiring, shop, model, runtime=runtime) for model in models]
    shape = workload or Workload()
    rng = random.Random(seed)  # noqa: S311  # an order of measurements, no secret
    blocks: list[dict[int, Block]] = [{} for _ in arms]
    for number in range(rounds):
        order = list(range(len(arms)))
        rng.shuffle(order)
        for place in order:
            shop.reporter.phase(f"round {number + 1} of {rounds}: {arms[place].name}")
            blocks[place][number] = _block(shop, arms[place], shape)
    return tuple(
        Benchmarked(
            name=arm.name,
            runtime=arm.backend.name,
            path=arm.path,
            values={**speed_values(list(mine.values())), **paired_values(mine, blocks[0])},
            placement=mine[0].placement,
        )
        for arm, mine in zip(arms, blocks, strict=True)
    )


def _block(shop: Workshop, arm: Runnable, workload: Workload) -> Block:
    log: Path = shop.logs / f"{arm.backend.name}.log"
    ids = tuple(range(1, workload.prompt_tokens + 1))
    answer = bench(
        shop, arm.backend, artifact=arm.path, runtime=arm.runtime, ids=ids, workload=workload, log=log
    )
    if isinstance(answer, Failure):
        raise error_of(answer)
    return answer
