"""What each kind of job declares, in one place."""

from typing import get_args

from edgewright.core.device.toolchain import Half
from edgewright.core.jobs.kinds import KINDS, half_of, kind_of
from edgewright.core.jobs.requests import Job, SmokeJob, TaskJob
from edgewright.core.jobs.results import Result


def test_every_kind_of_job_is_declared_with_a_result_that_is_one():
    assert set(KINDS) == set(get_args(Job))
    assert {kind.result for kind in KINDS.values() if kind.result} == set(get_args(Result))


def test_a_smoke_job_names_its_half_itself():
    assert half_of(SmokeJob(worker="w", scratch="s", half=Half.BUILD)) is Half.BUILD


def test_what_makes_builds_runs_in_the_build_half_and_nothing_else_does():
    makes = {"SourceJob", "BuildJob", "SensitivityJob"}
    assert {job.__name__ for job, kind in KINDS.items() if kind.half is Half.BUILD} == makes


def test_a_job_of_a_tasks_own_runs_builds_alone():
    job = TaskJob(worker="w", module="m", step="score", artifact="a")
    assert half_of(job) is Half.RUN
    assert kind_of(job).alone
