"""Which runtime options a search tries on a finished build."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewright.core.answers import BenchResult
from edgewright.core.jobs import BenchJob
from edgewright.pipeline.tune import fewer_threads
from edgewright.testing import block
from tests.unit.pipeline.test_searching import by_bits, world
from tests.world import HOST


@pytest.mark.parametrize(
    ("physical", "usable", "tried"),
    [(8, 16, [8, 4]), (8, 8, [4]), (8, 4, []), (2, 2, [1]), (1, 2, [1]), (1, 1, []), (0, 2, [])],
)
def test_fewer_threads_are_one_a_physical_core_and_half_of_that(physical, usable, tried):
    assert fewer_threads(replace(HOST.cpu, physical_cores=physical, usable_cores=usable)) == tried


def test_fewer_threads_that_decode_faster_are_kept(tmp_path):
    def answer(job):
        given = by_bits(job)
        if isinstance(job, BenchJob) and job.runtime.get("threads") == 1 and given is not None:
            return BenchResult(block=block(2000.0, peak_bytes=given.block.memory.peak_bytes))
        return given

    run = world(tmp_path, answer=answer).run()
    assert run.best is not None
    assert run.best.recipe.runtime == {"threads": 1}
