"""How a run ends at the command line: a table or JSON, and the exit status that its choice says."""

from __future__ import annotations

from edgewright.core.run import Run
from edgewright.errors import NoBuildPassedError, ProvisionalError


def finish(run: Run, *, as_json: bool) -> int:
    """Print a run; 0 if it recommends a build that passed, 11 if one whose gates are open, 10 if none."""
    from edgewright.cli.output import console, print_json
    from edgewright.report.terminal import show_run

    if as_json:
        print_json(run)
    else:
        show_run(console(), run)
    if run.best is None:
        return NoBuildPassedError.exit_code
    return ProvisionalError.exit_code if run.provisional else 0
