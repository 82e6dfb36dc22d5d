"""What became of a trial, and a framework's place for a target, in words."""

from __future__ import annotations

from edgewright.core.decision.assessment import Role
from edgewright.core.run import Status

LABELS = {
    Status.PLANNED: "planned",
    Status.BUILT: "built",
    Status.SCORED: "scored",
    Status.MEASURED: "measured",
    Status.BROKEN: "conversion differs",
    Status.SKIPPED: "skipped",
    Status.UNSUPPORTED: "unsupported",
    Status.UNAVAILABLE: "toolchain unavailable",
    Status.FAILED: "failed",
    Status.REFUTED: "failed on held-out text",
    Status.AUXILIARY: "used by other builds only",
    Status.UNTRIED: "not tried",
    Status.UNTIMED: "not timed here",
}

ROLES = {
    Role.PRIMARY: "primary",
    Role.FALLBACK: "fallback",
    Role.CANDIDATE: "candidate",
    Role.OTHER: "not for this target",
}
