"""How many threads a session uses: the same number in every framework, or their speeds could not be compared."""

from __future__ import annotations

import os
from collections.abc import Mapping

from edgewright.core.recipe.recipes import Option


def thread_count(runtime: Mapping[str, Option]) -> int:
    """The runtime option ``threads``, else what the parent says this machine allows, else the cores of this process."""
    asked = runtime.get("threads") or os.environ.get("EDGEWRIGHT_THREADS")
    if asked:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
