import ast
import json
import operator
import re
from collections import Counter

import pytest

from edgewright.errors import InputError
from edgewright.inputs.task_items import OURS, read_tasks

GOOD = {"question": "Is it?", "choices": ["yes", "no"], "answer": 1}


def written(tmp_path, *rows):
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows), encoding="utf-8")
    return path


def test_an_item_is_read_with_what_it_may_leave_out(tmp_path):
    tasks = read_tasks(written(tmp_path, GOOD, "", {**GOOD, "category": "logic", "id": 7, "source": "me"}))
    assert tasks.name == "mine.jsonl"
    assert [(i.id, i.category, i.answer) for i in tasks.items] == [("1", "", 1), ("7", "logic", 1)]
    assert len(tasks.sha256) == 64


@pytest.mark.parametrize(("answer", "index"), [(0, 0), ("no", 1), ("A", 0), ("B", 1)])
def test_the_answer_is_an_index_a_letter_or_a_text(tmp_path, answer, index):
    assert read_tasks(written(tmp_path, {**GOOD, "answer": answer})).items[0].answer == index


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n" + json.dumps(GOOD).encode() + b"\r\n"
    )
    assert len(read_tasks(path).items) == 2


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("{", "it is not valid JSON"),
        ("[1]", "it is a list, not an object"),
        ({"choices": ["a", "b"], "answer": 0}, "'question' is missing"),
        ({"question": "q", "answer": 0}, "'choices' is missing"),
        ({"question": "q", "choices": ["a", "b"]}, "'answer' is missing"),
        ({**GOOD, "question": 3}, "'question' is a number, not a string"),
        ({**GOOD, "question": "  "}, "'question' is empty"),
        ({**GOOD, "choices": "ab"}, "'choices' is a text, not a list"),
        ({**GOOD, "choices": ["a"]}, "'choices' has 1 entries, not 2 to 26"),
        ({**GOOD, "choices": ["a", None]}, "'choices' is null, not a string"),
        ({**GOOD, "choices": ["a", ""]}, "'choices' is empty"),
        ({**GOOD, "choices": ["a", "a"]}, "the choice 'a' occurs twice"),
        ({**GOOD, "answer": 2}, "'answer' is 2, and the choices are 0 to 1"),
        ({**GOOD, "answer": -1}, "'answer' is -1, and the choices are 0 to 1"),
        ({**GOOD, "answer": True}, "'answer' is true or false, not an index, a letter or a choice's text"),
        ({**GOOD, "answer": "C"}, "'answer' 'C' is neither one of the choices nor a letter from A to B"),
        (
            {**GOOD, "choices": ["B", "A"], "answer": "A"},
            "is the letter of one choice and the text of another",
        ),
        ({**GOOD, "category": 1}, "'category' is a number, not a string"),
        ({**GOOD, "id": True}, "'id' is true or false, not a string"),
        ({**GOOD, "id": "1"}, "the id '1' is already used in line 1"),
    ],
)
def test_a_bad_line_is_named_with_its_cause(tmp_path, row, cause):
    path = written(tmp_path, GOOD, row)
    with pytest.raises(InputError) as caught:
        read_tasks(path)
    assert caught.value.message.startswith(f"{path}, line 2: ")
    assert cause in caught.value.message


def test_a_file_that_is_missing_empty_or_no_text_is_said(tmp_path):
    with pytest.raises(InputError, match="There is no task file"):
        read_tasks(tmp_path / "gone.jsonl")
    with pytest.raises(InputError, match="has no items"):
        read_tasks(written(tmp_path, " "))
    (tmp_path / "raw").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as UTF-8"):
        read_tasks(tmp_path / "raw")


# --- the set that comes with edgewright ---


@pytest.fixture(scope="module")
def ours():
    return read_tasks(OURS)


def test_our_set_has_enough_items_of_each_kind(ours):
    assert len(ours.items) >= 220
    counts = Counter(item.category for item in ours.items)
    assert set(counts) == {"common sense", "arithmetic", "language", "code"}
    assert min(counts.values()) >= 50


def test_no_question_is_asked_twice(ours):
    assert len({item.question for item in ours.items}) == len(ours.items)


def test_neither_place_nor_length_gives_the_answer_away(ours):
    places = Counter(item.answer for item in ours.items)
    assert all(0.2 <= places[place] / len(ours.items) <= 0.3 for place in range(4))
    for longest in (max, min):
        alone = sum(
            len(item.choices[item.answer]) == longest(map(len, item.choices))
            and sum(len(c) == longest(map(len, item.choices)) for c in item.choices) == 1
            for item in ours.items
        )
        assert alone / len(ours.items) < 0.3


OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "times": operator.mul,
    "divided by": operator.truediv,
}


def test_sums_are_right(ours):
    sums = [re.fullmatch(r"What is (\d+) (\+|-|times|divided by) (\d+)\?", i.question) for i in ours.items]
    found = [(item, match) for item, match in zip(ours.items, sums, strict=True) if match]
    assert len(found) > 40
    for item, match in found:
        value = OPERATIONS[match[2]](int(match[1]), int(match[3]))
        assert float(item.choices[item.answer]) == value, item.question
        assert [float(c) for c in item.choices].count(value) == 1, item.question


def test_python_agrees_with_the_values_of_expressions(ours):
    start = "In Python, what is the value of "
    found = [item for item in ours.items if item.question.startswith(start)]
    assert len(found) > 25
    for item in found:
        value = eval(item.question.removeprefix(start).removesuffix("?"))  # noqa: S307  # our own items
        assert item.choices[item.answer] == repr(value), item.question
        assert [c for c in item.choices if c == repr(value)] == [repr(value)]
        ast.parse(item.choices[item.answer])
