"""What an evaluation harness is asked, what it asks of us while it works, and what it finds.

A harness runs in a toolchain of its own and has no model: it asks for token ids, texts and log-likelihoods, one question
at a time, and is answered from the build's own framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class HarnessJob:
    """Run the harness's ``tasks``; task files are also looked for below ``include_path`` where it is given.

    ``limit`` takes the first items of each task only. ``prefix_id`` stands before a text that has nothing before it;
    ``stop_ids`` end a generation; ``max_length`` is the model's longest input in tokens.
    """

    kind: Literal["harness"] = "harness"
    worker: str
    tasks: tuple[str, ...]
    include_path: str
    limit: int | None
    prefix_id: int
    stop_ids: tuple[int, ...]
    max_length: int


@dataclass(frozen=True, kw_only=True)
class HarnessScore:
    """One figure as the harness reports it; ``stderr`` is None where it gives none, ``n`` the items it stands on."""

    task: str
    metric: str
    filter: str
    value: float | None
    stderr: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class HarnessResult:
    """All figures, and each task's items as the harness logs them."""

    kind: Literal["harness"] = "harness"
    scores: tuple[HarnessScore, ...]
    samples: Mapping[str, tuple[Mapping[str, Any], ...]]
    versions: Mapping[str, str]
