"""What `edgewright` offers to Python programs; the command line calls nothing else."""

from edgewright.api.assessing import assess, doctor
from edgewright.api.benchmarking import benchmark
from edgewright.api.deciding import open_run, pick
from edgewright.api.evaluating import evaluate
from edgewright.api.optimizing import optimize
from edgewright.api.sessions import Session, load
from edgewright.core.run import Run

__all__ = [
    "Run",
    "Session",
    "assess",
    "benchmark",
    "doctor",
    "evaluate",
    "load",
    "open_run",
    "optimize",
    "pick",
]
