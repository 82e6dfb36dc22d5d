"""What a user asks of `package`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgewright.core.release.package import Budgets


@dataclass(frozen=True, kw_only=True)
class PackageOptions:
    """Every option of `package`.

    Attributes:
        kind: the kind of package, such as ``oci``.
        out: the package's directory (default: ``packages/MODEL-BUILD-KIND``).
        budgets: limits in bytes, in addition to those of the target.
        target: the kind of device whose limits count (default: that of the run; of a single build none).
        smoke: run the package's smoke test.
        push: name in a registry, such as ``registry.example/team/model:1``, to which the package is sent.
    """

    kind: str = ""
    out: str | Path | None = None
    budgets: Budgets = field(default_factory=Budgets)
    target: str = ""
    smoke: bool = True
    push: str = ""
