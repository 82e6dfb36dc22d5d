"""What can be done with the recommended build, as commands that run as they stand."""

from __future__ import annotations

import shlex

from edgewright.core import knowledge
from edgewright.core.run import Run


def next_steps(run: Run) -> list[tuple[str, str]]:
    """A purpose and its command each; none where the run recommends no build."""
    if run.best is None or not run.exported:
        return []
    place = shlex.quote(run.directory)
    build = shlex.quote(f"{run.directory}/best")
    kind = knowledge.format_of(run.best.recipe.framework)
    steps = [
        ("ask it", f"edgewright generate {build} 'What is the capital of France?' --chat"),
        ("package it for a registry", f"edgewright package {place} --for oci"),
    ]
    if kind:
        steps.append(("package it for other programs", f"edgewright package {place} --for {kind}"))
    place = f"{run.directory}/best"
    python = f"import edgewright; print(edgewright.load({place!r}).generate('Hello'))"
    quoted = shlex.quote(python) if set(place) & set("\"$`\\!'") else f'"{python}"'
    steps.append(("load it in Python", f"python -c {quoted}"))
    return steps
