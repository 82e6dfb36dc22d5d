import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.core.measurement.records import Placement, Prompts
from edgewright.errors import InputError
from edgewright.worker.scoring import log_softmax, score, windows

PLACEMENT = Placement(device="cpu", weights="f32", activations="f32", kv_cache="f32", threads=1)


class TableSession:
    """A model whose logits depend on the last token only."""

    placement = PLACEMENT

    def __init__(self, table, piece=512):
        self.piece = piece
        self.table = np.asarray(table, dtype=np.float32)

    def score(self, ids):
        rows = self.table[list(ids)]
        for low in range(0, len(rows), self.piece):
            yield rows[low : low + self.piece]

    def generate(self, ids, tokens):
        last = ids[-1]
        for _ in range(tokens):
            last = int(self.table[last].argmax())
            yield last


def quiet(_):
    pass


@given(st.integers(0, 500), st.integers(2, 64))
def test_windows_do_not_overlap_and_leave_at_most_one_token_out(tokens, context):
    spans = windows(tokens, context)
    assert all(2 <= end - start <= context for start, end in spans)
    covered = sum(end - start for start, end in spans)
    assert tokens - covered in {0, 1}
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))


def test_log_probabilities_sum_to_one_even_for_large_logits():
    logits = np.array([[1000.0, 0.0, -1000.0], [3.0, 2.0, 1.0]], dtype=np.float32)
    assert np.exp(log_softmax(logits)).sum(axis=1) == pytest.approx([1.0, 1.0])


def test_a_model_compared_with_itself_has_no_divergence(tmp_path):
    session = TableSession(np.random.default_rng(0).normal(size=(7, 7)))
    ids = [1, 2, 3, 4, 5, 6, 0, 1, 2, 3]
    first = score(session, ids, 4, quiet, write_reference=tmp_path / "r.npy")
    again = score(session, ids, 4, quiet, reference=tmp_path / "r.npy")
    assert max(again.against.kl) < 1e-8
    assert all(again.against.agree)
    assert max(again.against.kl) <= first.storage.kl_max * 1.01
    assert again.nll == first.nll
    assert first.windows == (3, 3, 1)
    assert len(first.correct) == 3 + 3 + 1


def test_logits_in_small_pieces_score_as_in_one(tmp_path):
    table = np.random.default_rng(0).normal(size=(200, 200))
    ids = [(7 * i) % 200 for i in range(200)]
    whole = score(TableSession(table), ids, 150, quiet, write_reference=tmp_path / "r.npy")
    pieces = score(TableSession(table, piece=17), ids, 150, quiet, reference=tmp_path / "r.npy")
    assert pieces.nll == whole.nll
    assert pieces.correct == whole.correct
    assert max(pieces.against.kl) < 1e-7


def test_the_answer_that_timed_runs_are_held_against_is_kept():
    table = np.roll(np.eye(5), 1, axis=1)
    assert score(TableSession(table), [0, 1, 2, 3], 4, quiet, prompt=[0, 1], answer=3).generated == (2, 3, 4)


def test_the_length_of_an_answer_ends_with_its_stop_id_or_at_the_most():
    table = np.roll(np.eye(5), 1, axis=1)
    prompts = Prompts(ids=((0,), (3,)), stop=(4,), most=3)
    assert score(TableSession(table), [0, 1, 2, 3], 4, quiet, prompts=prompts).lengths == (3, 1)


def test_divergence_and_loss_are_those_of_the_formula(tmp_path):
    base = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]))
    other = np.log(np.array([[0.4, 0.3, 0.3], [0.3, 0.4, 0.3], [0.1, 0.1, 0.8]]))
    ids = [0, 1, 2]
    score(TableSession(base), ids, 3, quiet, write_reference=tmp_path / "r.npy")
    got = score(TableSession(other), ids, 3, quiet, reference=tmp_path / "r.npy")
    expected = (np.exp(base[:2]) * (base[:2] - other[:2])).sum(axis=1)
    assert got.against.kl == pytest.approx(expected, rel=1e-3)
    assert got.nll == pytest.approx((-np.log(0.3), -np.log(0.3)), rel=1e-5)
    assert got.correct == (False, False)
    assert got.against.correct == (False, False)


def test_a_model_that_answers_nan_is_an_error_not_a_score():
    with pytest.raises(ArithmeticError, match="not finite"):
        score(TableSession(np.full((3, 3), np.nan)), [0, 1, 2], 3, quiet)


def test_one_token_is_too_few():
    with pytest.raises(InputError, match="too few"):
        score(TableSession(np.eye(3)), [0], 3, quiet)


def test_a_reference_of_another_text_is_refused(tmp_path):
    session = TableSession(np.eye(3))
    score(session, [0, 1, 2], 3, quiet, write_reference=tmp_path / "r.npy")
    with pytest.raises(InputError, match="positions"):
        score(session, [0, 1, 2, 0], 4, quiet, reference=tmp_path / "r.npy")


def test_a_padded_vocabulary_is_compared_on_the_tokens_that_exist(tmp_path):
    table = np.random.default_rng(0).normal(size=(4, 4))
    score(TableSession(table), [0, 1, 2, 3], 4, quiet, write_reference=tmp_path / "r.npy")
    padded = np.hstack([table, np.full((4, 2), -50.0)])
    got = score(TableSession(padded), [0, 1, 2, 3], 4, quiet, reference=tmp_path / "r.npy")
    assert max(got.against.kl) < 1e-6
