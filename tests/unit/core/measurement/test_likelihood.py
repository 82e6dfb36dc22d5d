import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.measurement.likelihood import encode_pair


def encode(text):
    """Bytes, with a word's space in front belonging to the word, as byte-pair tokenizers have it."""
    return [hash(part) for part in text.replace(" ", "\0 ").split("\0") if part]


def test_the_continuation_is_what_follows_the_ids_of_the_context():
    context, continuation = encode_pair(encode, "Question: why?\nAnswer:", " because it is")
    assert list(context) == encode("Question: why?\nAnswer:")
    assert list(continuation) == encode(" because it is")


def test_spaces_at_the_contexts_end_go_to_the_continuation():
    assert encode_pair(encode, "one two ", "three") == encode_pair(encode, "one two", " three")


def test_a_token_across_the_border_belongs_to_the_side_where_the_context_ends():
    """Encoded together, 'ab' may be one token; the context alone has as many ids as go to it."""

    def merging(text):
        return [ord(c) for c in text.replace("ab", "X")]

    assert encode_pair(merging, "za", "bc") == ((ord("z"), ord("X")), (ord("c"),))


@given(st.text(min_size=1).filter(lambda t: t.rstrip()), st.text(min_size=1))
def test_nothing_is_lost(context, continuation):
    def letters(text):
        return [ord(c) for c in text]

    first, second = encode_pair(letters, context, continuation)
    assert [*first, *second] == letters(context + continuation)
    assert list(first) == letters(context.rstrip())


@pytest.mark.parametrize(("context", "continuation"), [("", "x"), ("x", ""), ("  ", "x")])
def test_nothing_to_score_is_an_error(context, continuation):
    with pytest.raises(ValueError, match="nothing to score"):
        encode_pair(encode, context, continuation)
