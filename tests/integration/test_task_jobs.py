"""A third party's task in a real process: its own steps run there, and nothing of edgewright is registered for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgewright.core.jobs.requests import TaskJob
from edgewright.core.jobs.results import Failure, TaskResult
from edgewright.sites.local import children

FOLDER = Path(__file__).parent / "workers" / "tensor_child"


@pytest.fixture
def ask(lab, monkeypatch, tmp_path):
    monkeypatch.setattr(children, "_packages", lambda: {"tensor_child": str(FOLDER)})
    toolchain = lab.context.reference.toolchain
    lab.context.toolchains.ensure(toolchain, lab.context.reporter.tell)

    def ask(artifact, step="score", **files):
        job = TaskJob(
            worker="tensor_child",
            module="tensor_child",
            step=step,
            artifact=str(artifact),
            data={"examples": 3},
            **{name: str(path) for name, path in files.items()},
        )
        return lab.context.ask(toolchain, job, TaskResult, log=tmp_path / "log")

    return ask


def test_its_steps_run_in_the_frameworks_process(ask, tmp_path):
    for name, matrix in (("original", np.eye(4)), ("build", np.eye(4) * 1.5)):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "matrix.npy", matrix)
    kept = tmp_path / "outputs.npy"
    first = ask(tmp_path / "original", write_reference=kept)
    assert first == TaskResult(scores={"tokens": 3, "error": None})
    assert ask(tmp_path / "build", reference=kept).scores == {"tokens": 3, "error": 5.5}


def test_a_step_that_fails_is_a_failure_with_its_reason(ask, tmp_path):
    np.save(tmp_path / "matrix.npy", np.eye(4))
    found = ask(tmp_path, step="dance")
    assert isinstance(found, Failure)
    assert "unknown step dance" in found.reason
