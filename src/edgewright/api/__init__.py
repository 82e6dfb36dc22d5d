"""What `edgewright` offers to Python programs; the command line calls nothing else.

Each function takes an options record, or the record's fields by name, and an `Environment` (this machine's, if none is
given). It makes the context of ports and calls one use case.
"""

from edgewright.api.builds import load, profile
from edgewright.api.comparing import ab, benchmark
from edgewright.api.evaluating import evaluate, evaluate_lm_eval, evaluate_tasks
from edgewright.api.optimizing import assess, demo, doctor, open_run, optimize, pick, sensitivity
from edgewright.api.shipping import package, pull
from edgewright.api.toolchains import (
    install_toolchains,
    remove_toolchains,
    toolchains,
    verify_toolchains,
)
from edgewright.app.session import Session
from edgewright.core.run import Run

__all__ = [
    "Run",
    "Session",
    "ab",
    "assess",
    "benchmark",
    "demo",
    "doctor",
    "evaluate",
    "evaluate_lm_eval",
    "evaluate_tasks",
    "install_toolchains",
    "load",
    "open_run",
    "optimize",
    "package",
    "pick",
    "profile",
    "pull",
    "remove_toolchains",
    "sensitivity",
    "toolchains",
    "verify_toolchains",
]
