"""What `edgewright` offers to Python programs; the command line calls nothing else."""

from edgewright.api.ab_testing import ab
from edgewright.api.assessing import assess, doctor
from edgewright.api.benchmarking import benchmark
from edgewright.api.deciding import open_run, pick
from edgewright.api.evaluating import evaluate
from edgewright.api.harness import evaluate_lm_eval
from edgewright.api.optimizing import optimize
from edgewright.api.profiling import profile
from edgewright.api.sensing import sensitivity
from edgewright.api.sessions import Session, load
from edgewright.api.tasking import evaluate_tasks
from edgewright.core.run import Run

__all__ = [
    "Run",
    "Session",
    "ab",
    "assess",
    "benchmark",
    "doctor",
    "evaluate",
    "evaluate_lm_eval",
    "evaluate_tasks",
    "load",
    "open_run",
    "optimize",
    "pick",
    "profile",
    "sensitivity",
]
