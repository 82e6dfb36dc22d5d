"""Chat templates rendered in a process with limits; see `edgewright.inputs.templates`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping

from edgewright.inputs import templates
from edgewright.sites.local.children import child_environment

_WALL_S = 8.0
"""For the whole process, on a machine where others work too."""
_EXCESS = (
    f"The chat template fails (it takes more than {templates.CPU_S} s or {templates.MEMORY_BYTES >> 20} MiB)."
)

Render = Callable[[str, str, Mapping[str, str]], tuple[str, str]]
"""A template, a user's prompt and special tokens by role: the turn, or why there is none."""


def render_bounded(template: str, prompt: str, roles: Mapping[str, str]) -> tuple[str, str]:
    """As `templates.render`, ended where it takes too long or too much."""
    request = json.dumps({"template": template, "prompt": prompt, "roles": dict(roles)}).encode()
    places = os.pathsep.join(place for place in sys.path if place)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-X", "utf8", templates.__file__],
            input=request,
            capture_output=True,
            env=child_environment({"PYTHONPATH": places}),
            timeout=_WALL_S,
            check=True,
        )
        text, lack = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return "", _EXCESS
    return str(text), str(lack)
