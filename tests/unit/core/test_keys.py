from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.keys import digest

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), plain))
def test_the_order_of_keys_does_not_change_a_digest(value):
    assert digest(value) == digest(dict(reversed(list(value.items()))))


@given(plain, plain)
def test_different_values_have_different_digests(a, b):
    if repr(a) != repr(b) and a != b:
        assert digest(a) != digest(b)


def test_a_record_and_its_plain_form_share_a_digest():
    @dataclass(frozen=True)
    class Pair:
        a: int
        b: tuple[int, ...]

    assert digest(Pair(1, (2, 3))) == digest({"a": 1, "b": [2, 3]})


def test_what_json_cannot_say_is_refused():
    with pytest.raises(TypeError, match="no canonical JSON form"):
        digest(object())
