"""What a person reads at the end: every column that fits, and every bracket as it was."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from edgewright.core.decision.ab import decide
from edgewright.core.device.toolchain import ToolchainState
from edgewright.core.measurement.compared import AbTest, Benchmark, Benchmarked
from edgewright.core.measurement.quantity import Label, Value
from edgewright.core.measurement.records import FULL, Workload
from edgewright.core.measurement.rounds import HostNoise
from edgewright.core.run import Status
from edgewright.reasons import told
from edgewright.report.compared import show_ab, show_benchmark
from edgewright.report.rows import COLUMNS
from edgewright.report.terminal import (
    _NARROW,
    _NARROWEST,
    show_assessment,
    show_run,
    show_toolchains,
)
from edgewright.testing import block
from tests.world import World

NASTY = "[/x] [red]"


def shown(show, *what, width=160, **more):
    page = io.StringIO()
    show(Console(file=page, width=width, no_color=True), *what, **more)
    return page.getvalue()


@pytest.fixture
def run(tmp_path):
    return World(tmp_path).run()


def test_the_narrow_tables_columns_exist():
    assert {title for title, _ in COLUMNS} >= _NARROW > _NARROWEST


@pytest.mark.parametrize("width", [50, 80, 140, 160])
def test_build_and_verdict_can_be_read_at_any_width(run, width):
    lines = shown(show_run, run, width=width).splitlines()
    assert all(len(line) <= width for line in lines if "report:" not in line and "build:" not in line)
    table = "\n".join(lines)
    head = next(line for line in lines if "build" in line)
    assert "verdict" in head
    assert ("top-1" in head) == (width >= 140)
    row = next(line for line in lines if run.best.id in line)
    assert "pass" in row
    assert "fail:" in table
    assert all(trial.id in table for trial in run.trials)


def test_what_comes_from_outside_is_no_markup(run):
    broken = replace(
        run.trials[0],
        status=Status.FAILED,
        reason=told(f"cannot open {NASTY}"),
        notes=(f"scored on {NASTY}",),
    )
    missed = replace(run.trials[1].verdicts[0], why=(told(NASTY),))
    nasty = replace(
        run,
        source=replace(run.source, name=f"model {NASTY}", notes=(NASTY,)),
        trials=(broken, *run.trials[1:]),
        choice=replace(run.choice, reasons=(told(NASTY),), missed=(missed,)),
        cross_validation=tuple(replace(c, equal=False, causes=(told(NASTY),)) for c in run.cross_validation),
        assessment=replace(run.assessment, unverified=told(NASTY)),
        notes=(told(NASTY),),
        directory=f"/runs/{NASTY}",
    )
    page = shown(show_run, nasty)
    assert f"model {NASTY} for" in page
    assert f"cannot open {NASTY}" in page
    assert f"/runs/{NASTY}/report.html" in page
    assert page.count(NASTY) >= 9


def test_an_assessment_and_a_toolchain_list_are_no_markup_either(run):
    assert NASTY in shown(show_assessment, replace(run.assessment, model=NASTY))
    state = ToolchainState(name="x", ready=False, supported=True, installed=False, reason=f"no {NASTY}.")
    page = shown(show_toolchains, (state,))
    assert f"no {NASTY}." in page
    assert ".." not in page


@pytest.mark.parametrize("width", [80, 160])
def test_a_benchmark_names_each_arm_where_it_ran_and_how_noisy_the_host_was(width):
    speed = Value(value=98.7, unit="token/s", label=Label.MEASURED, method="m")
    arm = Benchmarked(
        name=NASTY,
        runtime="llamacpp",
        path="p",
        values={"decode_tok_s": speed},
        placement=block().placement,
        blocks={"0": block()},
    )
    host = HostNoise(blocks=4, invalid=1, noisy=False, causes=((told("swapped"),),))
    page = shown(
        show_benchmark,
        Benchmark(workload=Workload(), pace=FULL, arms=(arm,), host=host),
        rounds=3,
        width=width,
    )
    assert "3 interleaved rounds" in page
    assert NASTY in page
    assert "98.7" in page
    assert "1 of 4 blocks were disturbed" in page


def test_an_ab_test_says_its_verdict_and_what_it_rests_on():
    ratio = Value(value=1.2, unit="1", label=Label.DERIVED, method="how", n=7, ci_low=1.1, ci_high=1.3)
    answer = AbTest(a="one", b=NASTY, verdict=decide("decode_tok_s", ratio), looks=1, rounds=7)
    page = shown(show_ab, answer)
    assert "B is better in decode" in page
    assert f"B: {NASTY}" in page
    assert "7 rounds, 1 look" in page


def test_confirmed_builds_show_each_gate_with_its_interval_and_verdict(run):
    page = shown(show_run, run)
    assert "Confirmed on new blocks and held-out text" in page
    assert "Speedup >= 2.00" in page
    assert "blocks were disturbed" in page
