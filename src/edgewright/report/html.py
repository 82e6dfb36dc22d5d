"""A run as one plain, self-contained HTML page."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, select_autoescape

from edgewright.core.run import Run
from edgewright.report.answer import choice_lines, headline, notes, open_lines, steps
from edgewright.report.chart import LABEL_AT, chart
from edgewright.report.confirmation import confirmed, gate_cells, host_line
from edgewright.report.dropped import dropped
from edgewright.report.figures import duration, figure
from edgewright.report.next_steps import next_steps
from edgewright.report.profile import operator_rows, summary
from edgewright.report.proof import proof_line
from edgewright.report.rows import COLUMNS, fewer_tokens, table
from edgewright.report.sentences import sentence, sentences, verdict_sentence

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by people of any colour vision (Okabe and Ito 2008)."""


def draw(run: Run) -> str:
    """The page; everything from the model or a log is escaped."""
    environment = Environment(
        loader=PackageLoader("edgewright.report", "templates"), autoescape=select_autoescape(default=True)
    )
    environment.filters["figure"] = lambda value: figure(value, interval=True)
    environment.filters["duration"] = duration
    environment.filters["sentence"] = sentence
    environment.filters["sentences"] = sentences
    environment.filters["verdict"] = verdict_sentence
    page = environment.get_template("report.html")
    return page.render(
        run=run,
        chart=chart(run),
        colours=COLOURS,
        label_at=LABEL_AT,
        columns=COLUMNS,
        rows=table(run),
        fewer_tokens=fewer_tokens,
        dropped=dropped(run),
        proof=proof_line(run.source),
        open_lines=open_lines(run),
        choice_lines=choice_lines(run),
        notes=notes(run),
        next_steps=next_steps(run),
        steps=steps(run),
        headline=headline(run),
        confirmed=confirmed(run),
        gate_cells=gate_cells,
        host_line=host_line,
        profile_lines=summary(run.profile) if run.profile else (),
        operator_rows=operator_rows,
    )
