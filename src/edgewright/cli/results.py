"""How a run ends at the command line: a table or JSON, and the exit status that its choice says."""

from __future__ import annotations

from edgewright.core.run import Run
from edgewright.errors import NoBuildPassedError


def finish(run: Run, *, as_json: bool) -> int:
    """Print a run; 0 if it recommends a build, else 10."""
    from edgewright.cli.output import console, print_json
    from edgewright.report.terminal import show_run

    if as_json:
        print_json(run)
    else:
        show_run(console(), run)
    return 0 if run.best else NoBuildPassedError.exit_code
