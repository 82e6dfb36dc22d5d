"""The child half of a third party's task, and of a framework that builds for it: numpy only."""

from pathlib import Path

import numpy as np

from edgewright.core.jobs.results import TaskResult


class _Worker:
    def open(self, artifact, runtime):
        del runtime
        return np.load(Path(artifact) / "matrix.npy")


WORKER = _Worker()


def answer(worker, job, tell):
    del tell
    matrix = worker.open(Path(job.artifact), job.runtime)
    if job.step != "score":
        raise ValueError(f"unknown step {job.step}")
    outputs = np.arange(job.data["examples"] * len(matrix)).reshape(-1, len(matrix)) @ matrix
    if job.write_reference:
        with Path(job.write_reference).open("wb") as file:
            np.save(file, outputs)
    error = float(np.abs(outputs - np.load(job.reference)).max()) if job.reference else None
    return TaskResult(scores={"tokens": job.data["examples"], "error": error})
