import io

import pytest
from rich.console import Console

from edgewright.core.measurement.operators import OperatorProfile, OperatorTime, PhaseProfile
from edgewright.core.measurement.profile import Observed, concluded
from edgewright.core.measurement.records import Workload
from edgewright.core.prediction.roofline import Capability
from edgewright.report.html import draw
from edgewright.report.profile import show_profile
from edgewright.testing import block, facts
from tests.world import World

OPERATORS = tuple(OperatorTime(operator=f"op{n}", calls=n, ms=10.0 / n) for n in range(1, 12))
PHASE = PhaseProfile(wall_ms=400.0, tokens=10, operators=OPERATORS, matrix_ms=20.0)


@pytest.fixture
def profile():
    return concluded(
        Observed(
            name="[red]build",
            runtime="llamacpp",
            workload=Workload(),
            blocks={1: [block(60.0)] * 3, 2: [block(100.0)] * 3},
            energy={},
            operators=OperatorProfile(method="its own", prefill=PHASE, decode=PHASE),
            operators_missing="",
            capability=Capability(
                read_gb_s=10.0, gflop_s=50.0, cores=2, last_level_cache_bytes=1000, method="m"
            ),
            facts=facts(parameters=50_000_000),
            weight_bytes=50_000_000,
            memory_bytes=8_000_000_000,
        )
    )


def test_a_profile_tells_threads_operators_limits_and_what_the_profiler_costs(profile):
    page = io.StringIO()
    show_profile(Console(file=page, width=160, no_color=True), profile)
    text = page.getvalue()
    assert "[red]build" in text
    assert "reads 10.0 GB/s" in text
    assert "3 others" in text
    assert "op1 " in text
    assert "slower; timed blocks ran without it" in text
    assert profile.slowdown == pytest.approx(3.0, rel=0.05)
    assert [row.threads for row in profile.scaling] == [1, 2]


def test_a_profile_becomes_a_section_of_the_report(tmp_path, profile):
    from dataclasses import replace

    run = World(tmp_path).run()
    assert "Profile of" not in draw(run)
    page = draw(replace(run, profile=profile))
    assert "Profile of [red]build" in page
    assert "operator in decode" in page
    assert "Confirmed on new blocks" in page
