"""Scoring of a text outside of a run."""

from __future__ import annotations

from edgewright.core.jobs.requests import ScoreJob
from edgewright.core.jobs.results import ScoreResult
from edgewright.core.measurement.records import Scores
from edgewright.ports.task import Scoring


def scoring_of(job: ScoreJob) -> Scoring:
    """A job, and what comes of it."""
    return Scoring(job=job, result=ScoreResult, record=Scores)
