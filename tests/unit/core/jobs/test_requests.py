"""Which half of a toolchain a job needs."""

from typing import get_args

from edgewright.core.device.toolchain import Half
from edgewright.core.jobs.requests import HALVES, Job, SmokeJob, half_of


def test_every_kind_of_job_says_which_half_it_needs():
    assert {*HALVES, SmokeJob} == set(get_args(Job))


def test_a_smoke_job_needs_the_half_that_it_tries():
    assert half_of(SmokeJob(worker="w", scratch="s", half=Half.BUILD)) is Half.BUILD
