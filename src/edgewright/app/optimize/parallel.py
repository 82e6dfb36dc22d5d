"""Parallel work within a run. Builds run in parallel; a measurement waits until nothing else runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from edgewright.core.device.host import HostFacts
from edgewright.core.model.facts import ModelFacts
from edgewright.ports import JobRunner

Done = TypeVar("Done")

_MOST = 4
_BYTES_PER_PARAMETER = 12
"""What a conversion needs at its peak, taken high: three copies of the weights in float32."""


def at_once(host: HostFacts, facts: ModelFacts) -> int:
    """How many builds of a model this host has cores and memory for; one at least."""
    by_memory = host.available_memory_bytes // max(_BYTES_PER_PARAMETER * facts.parameters, 1)
    return max(1, min(_MOST, host.cpu.usable_cores, by_memory))


def run_parallel(
    runner: JobRunner, workers: int, tasks: Sequence[Callable[[], Done]], then: Callable[[Done], None]
) -> None:
    """Run the tasks, ``workers`` at a time, and pass their results to ``then`` in order, in this thread.

    An error or an interrupt stops the running tasks and cancels the waiting ones.
    """
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            for future in futures:
                then(future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            runner.stop()
            raise
