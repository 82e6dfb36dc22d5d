import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.codec import dump, load, load_union
from edgewright.core.jobs.requests import Job, ScoreJob, SmokeJob
from edgewright.core.jobs.results import Done, Event, Failure, FailureKind, Progress, Token
from edgewright.core.measurement.quantity import Label, Value
from edgewright.errors import InputError
from edgewright.reasons import Reason
from edgewright.testing import block, scores

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
reasons = st.recursive(
    st.builds(
        Reason,
        code=st.text(),
        values=st.dictionaries(
            st.text(),
            st.text()
            | st.integers(-(2**53), 2**53)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.lists(st.text()).map(tuple),
        ),
    ),
    lambda inner: st.builds(
        Reason, code=st.text(), values=st.dictionaries(st.text(), inner | st.lists(inner).map(tuple))
    ),
    max_leaves=5,
)
made_values = st.builds(
    Value,
    value=numbers,
    unit=st.text(),
    label=st.sampled_from(Label),
    method=st.text(),
    n=st.integers(0),
    ci_low=numbers,
    ci_high=numbers,
    reason=st.none() | reasons,
)


@given(made_values)
def test_a_value_comes_back_as_it_was(value):
    assert load(Value, dump(value)) == value


@pytest.mark.parametrize(
    "event",
    [
        Progress(message="m", fraction=0.5),
        Token(id=3),
        Done(ready=True),
        Failure(failure=FailureKind.UNSUPPORTED, reason="r"),
    ],
)
def test_events_come_back_as_the_kind_they_were(event):
    assert load_union(Event, dump(event)) == event


@pytest.mark.parametrize(
    "job",
    [
        SmokeJob(worker="w", scratch="s"),
        ScoreJob(
            worker="w", artifact="a", runtime={"threads": 2, "hint": "x", "on": True}, ids=(1, 2), context=2
        ),
    ],
)
def test_jobs_come_back_as_the_kind_they_were(job):
    assert repr(load_union(Job, dump(job))) == repr(job)  # True == 1, so equality would not tell them apart


def test_a_runtime_option_that_is_true_stays_true_whatever_stands_beside_it():
    job = ScoreJob(worker="w", artifact="a", runtime={"on": True}, ids=(1,), context=2, limit_s=30)
    assert load_union(Job, dump(job)).runtime["on"] is True


def test_measurements_come_back():
    assert load(type(block()), dump(block())) == block()
    assert load(type(scores()), dump(scores())) == scores()


def test_a_wrong_field_is_named():
    with pytest.raises(InputError, match="unit"):
        load(Value, b'{"value": 1.0, "label": "measured", "method": "m"}')
