"""A run as one plain, self-contained HTML page."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, select_autoescape

from edgewright.core.run import Run
from edgewright.report.confirmation import confirmed, gate_cells, host_line
from edgewright.report.figures import duration, figure
from edgewright.report.profile import operator_rows, summary
from edgewright.report.rows import COLUMNS, cells, headline, ordered


def draw(run: Run) -> str:
    """The page; everything from the model or a log is escaped."""
    environment = Environment(
        loader=PackageLoader("edgewright.report", "templates"), autoescape=select_autoescape(default=True)
    )
    environment.filters["figure"] = lambda value: figure(value, interval=True)
    environment.filters["duration"] = duration
    page = environment.get_template("report.html")
    rows = [(trial, cells(trial)) for trial in ordered(run)]
    return page.render(
        run=run,
        columns=COLUMNS,
        rows=rows,
        headline=headline(run),
        confirmed=confirmed(run),
        gate_cells=gate_cells,
        host_line=host_line,
        profile_lines=summary(run.profile) if run.profile else (),
        operator_rows=operator_rows,
    )
