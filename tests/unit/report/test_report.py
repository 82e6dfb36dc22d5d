from dataclasses import replace

import pytest

from edgewright.core.measurement.quantity import Label, Value, not_available
from edgewright.reasons import told
from edgewright.report.answer import headline
from edgewright.report.figures import duration, figure, percent, percent_of_few
from edgewright.report.html import draw
from edgewright.report.rows import verdict
from tests.world import World, by_id


def value(number, unit, **more):
    return Value(value=number, unit=unit, label=Label.MEASURED, method="m", **more)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (value(144.8e6, "byte"), "144.8 MB"),
        (value(1.25e9, "byte"), "1.25 GB"),
        (value(2.1e-11, "nat/token"), "2.1e-11"),
        (value(0.0344, "nat/token"), "0.0344"),
        (value(98.76, "token/s"), "98.8"),
        (value(2.0, "1", ci_low=1.9, ci_high=2.1), "2.00"),
        (not_available("speedup", told("r")), "-"),
        (None, "-"),
    ],
)
def test_figures(made, text):
    assert figure(made) == text


def test_an_estimate_is_marked_and_an_interval_can_be_shown():
    estimate = Value(value=3e6, unit="byte", label=Label.ESTIMATED, method="m")
    assert figure(estimate) == "~3.0 MB"
    assert figure(value(2.0, "1", ci_low=1.9, ci_high=2.1), interval=True) == "2.00 (1.90 to 2.10)"
    assert percent(value(0.986, "1")) == percent_of_few(value(0.986, "1", n=400)) == "98.6 %"
    assert percent_of_few(value(1.0, "1", n=115)) == "100.0 % (n=115)"
    assert [duration(s) for s in (5, 300, 7200)] == ["5 s", "5 min", "2.0 h"]


def test_the_headline_names_the_build_or_the_nearest_miss(tmp_path):
    run = World(tmp_path).run()
    assert headline(run).startswith("Recommended: llamacpp/int8")
    none = replace(run, choice=replace(run.choice, chosen=None, nearest_miss="a/b"))
    assert headline(none) == "No build passed every gate. Closest build: a/b."


def test_a_failed_gate_is_named_in_the_table(tmp_path):
    assert verdict(by_id(World(tmp_path).run())["openvino/int4"]) == "fail: accuracy retained"


def test_the_page_escapes_what_comes_from_outside(tmp_path):
    run = World(tmp_path).run()
    page = draw(replace(run, source=replace(run.source, name="<script>alert(1)</script>")))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "Recommended: llamacpp/int8" in page
