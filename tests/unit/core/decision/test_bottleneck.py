"""What limits a build: by rules on its profile; and advice as data."""

import pytest

from edgewright.core import knowledge
from edgewright.core.decision.bottleneck import Limit, advice, conditions, decode_limit, prefill_limit
from edgewright.core.measurement.operators import OperatorTime, PhaseProfile
from edgewright.core.prediction.roofline import Bound
from edgewright.reasons import told

BOUND = Bound(tok_s=100.0, per_token=1.0, unit="byte")
NONE = Bound(tok_s=None, per_token=1.0, unit="byte", reason=told("cache-resident"))


def phase(operators_ms=90.0, matrix_ms=80.0, wall_ms=100.0):
    return PhaseProfile(
        wall_ms=wall_ms,
        tokens=10,
        operators=(OperatorTime(operator="MatMul", calls=1, ms=operators_ms),),
        matrix_ms=matrix_ms,
    )


@pytest.mark.parametrize(
    ("speed", "bound", "gain", "profiled", "limit"),
    [
        (70.0, BOUND, 0.05, phase(), Limit.MEMORY),
        (70.0, BOUND, 0.60, phase(), Limit.UNDETERMINED),
        (30.0, BOUND, 0.05, phase(), Limit.UNDETERMINED),
        (30.0, BOUND, 0.05, phase(operators_ms=50.0), Limit.OVERHEAD),
        (70.0, BOUND, None, None, Limit.UNDETERMINED),
        (70.0, NONE, 0.05, phase(), Limit.UNDETERMINED),
    ],
)
def test_decoding_is_limited_by_memory_where_it_nears_its_bound_and_threads_do_not_help(
    speed, bound, gain, profiled, limit
):
    found = decode_limit(speed, bound, gain, profiled)
    assert found.limit is limit
    assert found.figures


@pytest.mark.parametrize(
    ("speed", "profiled", "limit"),
    [
        (60.0, phase(), Limit.COMPUTE),
        (60.0, phase(matrix_ms=40.0), Limit.UNDETERMINED),
        (40.0, phase(), Limit.UNDETERMINED),
        (40.0, phase(operators_ms=60.0, matrix_ms=50.0), Limit.OVERHEAD),
        (60.0, None, Limit.UNDETERMINED),
    ],
)
def test_prefill_is_limited_by_computing_where_matrices_take_the_time(speed, profiled, limit):
    assert prefill_limit(speed, BOUND, profiled).limit is limit


def holding(**changes):
    given = {"cpu_share": 0.5, "memory_share": 0.1, "variation": 0.1, "doubling_gain": 0.5, **changes}
    still = decode_limit(1.0, BOUND, 0.5, None)
    return conditions(still, still, **given)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"cpu_share": 0.81}, "processor over 80 %"),
        ({"memory_share": 0.91}, "memory over 90 %"),
        ({"variation": 0.21}, "variation over 20 %"),
        ({"doubling_gain": 0.1}, "threads gain little"),
    ],
)
def test_each_condition_is_told_by_its_name(change, name):
    assert holding() == ()
    assert holding(**change) == (name,)


def test_advice_names_the_setting_and_works_out_the_gain():
    memory_bound = advice(("decode memory-bound",), "llamacpp", {"bits": 9.0, "threads": 2.0})
    lighter = next(a for a in memory_bound if a.setting == "weight precision")
    assert lighter.expected == pytest.approx(2.0)
    assert "2.0x" in lighter.gain


def test_advice_that_does_not_apply_is_not_given():
    rows = advice(("decode memory-bound", "decode overhead-bound"), "llamacpp", {"bits": 4.5, "threads": 1.0})
    assert {a.setting for a in rows} == {"concurrency"}
    onnx = advice(("decode overhead-bound",), "onnx", {})
    assert {a.setting for a in onnx} == {"concurrency", "spinning"}


def test_every_row_of_advice_hangs_on_a_condition_that_exists():
    known = {f"{p} {limit}" for p in ("decode", "prefill") for limit in Limit}
    known |= {"processor over 80 %", "memory over 90 %", "variation over 20 %", "threads gain little"}
    rows = knowledge.table("advice")["advice"]
    assert {row["when"] for row in rows} <= known
    assert all(row["setting"] and row["change"] and row["gain"] for row in rows)
