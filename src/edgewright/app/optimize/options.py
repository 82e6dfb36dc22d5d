"""What a user asks of `optimize`: one record for the command line, Python programs and the run's key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgewright.app.options import ModelOptions
from edgewright.core.decision.policy import Policy
from edgewright.core.measurement.records import Workload
from edgewright.core.recipe.pruning import Pruning


@dataclass(frozen=True, kw_only=True)
class OptimizeOptions(ModelOptions):
    """Every option of `optimize`.

    Attributes:
        target: the kind of device the build is for.
        frameworks: only these (default: the target's).
        only: only builds whose names match one of these patterns, such as ``llamacpp/q4*``.
        prune: also build pruned copies of the model.
        policy: gates and preferences (default: those of the model's task).
        eval_data: file of the text to score on (default: Python's own reference).
        out: the run's directory (default: ``runs/MODEL-TARGET``).
        tokens: tokens to score each build on.
        context: tokens of each scored window.
        workload: shape of the timed requests.
        quick: confirm briefly, which decides only what is far from every bound.
        budget_s: seconds to search everything that the frameworks can build.
        budget_trials: the same as a number of builds.
        disk_quota: bytes of builds; beyond it, builds that others dominate are deleted.
        seed: random seed of the search and of the order of arms.
        target_size: bytes; also allocate types to tensors for the least loss at this size.
        target_bpw: the same in bits per weight.
        smallest: the same for the smallest size that keeps the gates on accuracy.
        base: the model that a LoRA adapter belongs on, where the adapter does not name one that is here.
    """

    target: str = "this-machine"
    frameworks: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    prune: tuple[Pruning, ...] = ()
    policy: Policy | None = None
    eval_data: str | Path | None = None
    out: str | Path | None = None
    tokens: int = 2048
    context: int = 512
    workload: Workload = field(default_factory=Workload)
    quick: bool = False
    budget_s: float | None = None
    budget_trials: int | None = None
    disk_quota: float | None = None
    seed: int = 0
    target_size: float | None = None
    target_bpw: float | None = None
    smallest: bool = False
    base: str = ""
