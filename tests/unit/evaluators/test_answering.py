import json
from pathlib import Path

import pytest

from edgewright.core.measurement.multiple_choice import TaskItem, TaskSet
from edgewright.errors import UnsupportedError
from edgewright.evaluators.lm_eval.answering import Answering
from edgewright.evaluators.lm_eval.own_task import write_task

BOS, PREFIX, END = 1, 2, 3


class Bytes:
    """Bytes are tokens; a plain text begins with BOS."""

    def encode(self, text, *, special=False):
        return [*([BOS] if special else []), *text.encode()]

    def decode(self, ids):
        return bytes(i for i in ids if i != END).decode()


class Model:
    """A continuation costs one nat an id; it always answers the same text."""

    def __init__(self, answer=""):
        self.pairs = []
        self.asked = []
        self._answer = [*answer.encode(), END]

    def loglikelihoods(self, pairs):
        self.pairs += pairs
        return [(-float(len(continuation)), True) for _, continuation in pairs]

    def generate_ids(self, ids, max_tokens):
        self.asked.append((ids, max_tokens))
        return self._answer[:max_tokens]


def answering(model, max_length=1000):
    return Answering(model, Bytes(), prefix_id=PREFIX, max_length=max_length)


def test_pairs_are_split_where_the_context_ends():
    model = Model()
    assert answering(model).loglikelihood([("ab", " c"), ("ab ", "c")]) == [(-2.0, True)] * 2
    assert model.pairs == [((BOS, *b"ab"), tuple(b" c"))] * 2


def test_an_empty_context_is_the_prefix():
    model = Model()
    answering(model).loglikelihood([("", "xy")])
    assert model.pairs == [((PREFIX,), tuple(b"xy"))]


def test_a_continuation_that_begins_with_the_prefix_lends_it_to_the_context():
    model = Model()
    answering(model).loglikelihood([("", chr(PREFIX) + "x")])
    assert model.pairs == [((PREFIX,), tuple(b"x"))]


def test_what_is_too_long_loses_the_beginning_of_its_context():
    model = Model()
    answering(model, max_length=4).loglikelihood([("abcdef", "gh")])
    assert model.pairs == [(tuple(b"def"), tuple(b"gh"))]  # 4 ids go in, the fifth is only predicted
    with pytest.raises(UnsupportedError, match="longer than the model's limit of 4"):
        answering(model, max_length=4).loglikelihood([("a", "bcdef")])


@pytest.mark.parametrize("length", [1, 3, 4, 5, 9, 11])
def test_a_whole_text_is_predicted_once_in_windows_of_the_models_length(length):
    model = Model()
    text = "abcdefghij"[: length - 1]
    ids = (BOS, *text.encode())
    assert answering(model, max_length=4).loglikelihood_rolling([text, text]) == [-float(len(ids))] * 2
    windows = model.pairs[: len(model.pairs) // 2]
    assert tuple(i for _, rest in windows for i in rest) == ids
    assert windows[0][0] == (PREFIX,)
    assert all(len(context) + len(rest) - 1 <= 4 for context, rest in windows)


def test_an_answer_ends_before_its_stop_and_a_long_one_is_asked_for_again():
    short = Model("one\ntwo")
    assert answering(short).generate_until([("q", {"until": ["\n"]})]) == ["one"]
    assert [tokens for _, tokens in short.asked] == [32]
    long = Model("x" * 50 + ". Then")
    assert answering(long).generate_until([("q", {"until": ".", "max_gen_toks": 200})]) == ["x" * 50]
    assert [tokens for _, tokens in long.asked] == [32, 64]
    cut = Model("x" * 50)
    assert answering(cut).generate_until([("q", {"until": ["."], "max_gen_toks": 40})]) == ["x" * 40]


def test_a_long_prompt_leaves_room_for_its_answer():
    model = Model("a")
    answering(model, max_length=10).generate_until([("abcdefghij", {"max_gen_toks": 4})])
    assert model.asked == [(list(b"efghij"), 4)]


def test_sampling_is_refused():
    with pytest.raises(UnsupportedError, match="decodes greedily only"):
        answering(Model()).generate_until([("q", {"do_sample": True, "temperature": 0.8})])
    assert answering(Model("a")).generate_until([("q", {"do_sample": False, "temperature": 0.8})]) == ["a"]


def test_our_items_as_a_task_of_the_harness(tmp_path):
    item = TaskItem(id="1", question="é?", choices=("a", "b"), answer=1, category="c")
    path = write_task(tmp_path / "new", TaskSet(name="t", sha256="", items=(item,)), "ours")
    task = json.loads(path.read_text())
    data = Path(task["dataset_kwargs"]["data_files"]["test"])
    row = json.loads(data.read_text(encoding="utf-8"))
    assert task["task"] == "ours"
    assert row == {"id": "1", "question": "é?", "choices": ["a", "b"], "answer": 1, "category": "c"}
    assert task["doc_to_text"].replace("{{question}}", item.question) == item.context
