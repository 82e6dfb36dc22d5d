"""What a run is given and never changes: the ports, the request, the model, the plan, and the task's data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgewright.app.optimize.parallel import at_once
from edgewright.app.optimize.request import Request
from edgewright.core.decision.assessment import Assessment
from edgewright.core.model.facts import Source
from edgewright.core.recipe.recipes import Plan
from edgewright.ports import Backend, Context
from edgewright.ports.task import Exam


@dataclass(frozen=True, kw_only=True)
class Setup:
    """``exam`` holds the task's data and rules for this source."""

    context: Context
    request: Request
    source: Source
    assessment: Assessment
    plan: Plan
    exam: Exam
    deadline_s: float | None = None

    @property
    def baseline_id(self) -> str:
        """The arm of the original."""
        return self.plan.baseline.id

    @property
    def again_id(self) -> str:
        """The original's second arm: what it differs by from the first is what this host cannot tell apart."""
        return f"{self.baseline_id} again"

    @property
    def original(self) -> Backend:
        """The framework that runs the original: the reference, or one that runs its file itself."""
        return self.context.backend(self.plan.baseline.framework)

    def untimed(self, framework: str) -> str:
        """Why a framework's builds are not timed here; empty where they are.

        Figures for another device decide nothing on speed anyway, and what is asked for by name is measured.
        """
        where = self.context.backend(framework).timed_where
        asked = framework in self.request.by_name or self.plan.frameworks() == (framework,)
        if asked or not self.assessment.measured_here or self.assessment.host.meets(where):
            return ""
        return f"its speed says something only where {' and '.join(where)}; --frameworks {framework} times it here all the same"

    def log(self, trial: str, step: str) -> Path:
        """Where a step of a trial writes its log."""
        return self.context.logs / trial.replace("/", "-") / f"{step}.log"

    def at_once(self) -> int:
        """How many builds may be made in parallel."""
        return at_once(self.assessment.host, self.source.facts)

    def out_of_time(self) -> bool:
        """Whether the user's budget is spent."""
        return self.deadline_s is not None and self.context.clock.monotonic_s() > self.deadline_s
