"""A live session of anything that can be run."""

from __future__ import annotations

from edgewright.app.intake.runnable import Runnable
from edgewright.core.jobs.requests import SessionJob
from edgewright.core.recipe.recipes import scoring_runtime
from edgewright.ports import Context, LiveSession


def open_session(context: Context, subject: Runnable) -> LiveSession:
    """Load it in its framework's process, under the runtime options that it was measured with.

    Raises:
        WorkerError: it cannot be loaded.
    """
    job = SessionJob(
        worker=subject.backend.worker,
        artifact=subject.path,
        runtime=scoring_runtime(subject.backend.name) if subject.source else subject.runtime,
    )
    log = context.logs / f"{subject.backend.name}.log"
    return context.sessions.open(subject.backend.toolchain, context.sent(job), log)
