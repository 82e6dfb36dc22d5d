"""The chart of a run as an SVG file of its own, on light and on dark paper."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, select_autoescape

from edgewright.core.run import Run
from edgewright.errors import UnsupportedError
from edgewright.report.chart import LABEL_AT, chart
from edgewright.report.html import COLOURS


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours of paper, text and grid, and of the frameworks in their order."""

    paper: str
    ink: str
    grid: str
    colours: tuple[str, ...]


LIGHT = Theme(paper="#ffffff", ink="#1f2328", grid="#d8dee4", colours=COLOURS)
DARK = Theme(
    paper="#0d1117",
    ink="#e6edf3",
    grid="#30363d",
    colours=("#56b4e9", "#ff9b57", "#2bc79a", "#e79cc6", "#f0c05a", "#a9d6f5"),
)
"""The colours of light paper, made lighter in the same order."""


def draw_picture(run: Run, theme: Theme) -> str:
    """The picture of a run.

    Raises:
        UnsupportedError: fewer than two builds have a speed and a loss.
    """
    drawn = chart(run)
    if drawn is None:
        raise UnsupportedError(
            "This run has no picture: fewer than two builds have a speed and a KL divergence.",
            hint="Give a run that measured more builds.",
        )
    environment = Environment(
        loader=PackageLoader("edgewright.report", "templates"), autoescape=select_autoescape(default=True)
    )
    cpu = run.assessment.host.cpu
    page = environment.get_template("picture.svg").render(
        chart=drawn,
        theme=theme,
        colours=theme.colours,
        label_at=LABEL_AT,
        title=f"{run.source.name}: {len(drawn.dots)} builds and the original",
        subtitle=f"Measured on {cpu.model}, {cpu.usable_cores} cores, {run.assessment.host.system}",
    )
    return page.rstrip("\n") + "\n"
