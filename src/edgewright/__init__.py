"""edgewright: the right build of a trained model for a device, measured and gated.

The public names load on first use: a child process imports this package in a framework's environment, where the
parent's libraries are not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from edgewright.api import (
        Run,
        Session,
        ab,
        assess,
        benchmark,
        doctor,
        evaluate,
        evaluate_lm_eval,
        evaluate_tasks,
        load,
        open_run,
        optimize,
        pick,
        profile,
        sensitivity,
    )
    from edgewright.errors import EdgewrightError

__all__ = [
    "EdgewrightError",
    "Run",
    "Session",
    "__version__",
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


def __getattr__(name: str) -> Any:
    if name == "EdgewrightError":
        from edgewright.errors import EdgewrightError  # noqa: PLC0415

        return EdgewrightError
    if name in __all__:
        from edgewright import api  # noqa: PLC0415

        return getattr(api, name)
    raise AttributeError(f"module 'edgewright' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
