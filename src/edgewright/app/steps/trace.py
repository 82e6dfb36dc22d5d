"""Hidden states of a model after each layer, where its runtime gives them. Asked only when two runtimes disagree."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edgewright.core.jobs.requests import TraceJob
from edgewright.core.jobs.results import Failure, TraceResult
from edgewright.core.measurement.traces import Layers
from edgewright.core.recipe.recipes import Option
from edgewright.ports import Backend, Context

_FILE = "layers.npz"


def trace(
    context: Context,
    backend: Backend,
    artifact: str,
    runtime: Mapping[str, Option],
    ids: tuple[int, ...],
    log: Path,
) -> Layers | Failure:
    """The output of every layer for ``ids``, float32, or why there is none; nothing of it is kept."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / _FILE
        job = TraceJob(worker=backend.worker, artifact=artifact, runtime=dict(runtime), ids=ids, out=str(out))
        result = context.ask(backend.toolchain, job, TraceResult, log=log)
        if isinstance(result, Failure):
            return result
        with np.load(out) as stored:
            return {int(name): stored[name] for name in stored.files}
