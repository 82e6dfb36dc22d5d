"""The README's picture and table are those of a real run, drawn by the program itself."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from docs import picture
from tests.world import World

from edgewright.api import open_run
from edgewright.core.run import Status
from edgewright.errors import UnsupportedError
from edgewright.report.picture import DARK, LIGHT, draw_picture

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("drawn", [picture.light, picture.dark])
def test_every_build_with_figures_is_a_point_with_its_name(drawn):
    root = ET.fromstring(drawn())  # noqa: S314  # our own file
    names = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    run = open_run(picture.RECORD)
    assert {trial.id for trial in run.trials if trial.status is Status.MEASURED} <= names


def test_light_and_dark_show_the_same_figures():
    points = [re.findall(r'c[xy]="[\d.]+"', draw()) for draw in (picture.light, picture.dark)]
    assert points[0] == points[1]
    assert LIGHT.paper in picture.light()
    assert DARK.paper in picture.dark()


def test_the_record_of_the_picture_names_no_place_of_the_machine():
    assert not re.search(r'"/(tmp|root|home|work|Users)\b', picture.RECORD.read_text())


def test_what_the_readme_counts_is_in_the_table_of_families():
    families = (ROOT / "docs/reference/families.md").read_text()
    rows = [line.split("|")[1:-1] for line in families.splitlines() if re.match(r"\| [\w.-]+ \(`", line)]
    wrong = sum("**wrong**" in cell for row in rows for cell in row[3:7])
    said = re.search(r"In (\d+) model families, (\d+) conversions", (ROOT / "README.md").read_text())
    assert said
    assert (int(said[1]), int(said[2])) == (len(rows), wrong)


def test_a_run_without_figures_has_no_picture(tmp_path):
    run = World(tmp_path).run()
    with pytest.raises(UnsupportedError, match="fewer than two builds"):
        draw_picture(replace(run, trials=()), LIGHT)
