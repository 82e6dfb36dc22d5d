"""Work of a run that goes on beside other work of the same run. Builds do; measurements wait until nothing else runs."""

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


def beside(
    runner: JobRunner, workers: int, tasks: Sequence[Callable[[], Done]], then: Callable[[Done], None]
) -> None:
    """Do the tasks, ``workers`` at a time, and hand their results to ``then`` in their order, in this thread.

    An error or an interrupt ends what runs and forgets what waits.
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
