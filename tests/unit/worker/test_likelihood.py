import numpy as np
import pytest

from edgewright.errors import InputError
from edgewright.worker.likelihood import likelihood, likelihoods


class TableSession:
    """A model whose logits depend on the last token only, handed out in pieces."""

    def __init__(self, table, rows=2):
        self.table = np.asarray(table, dtype=np.float32)
        self.rows = rows
        self.asked = []

    def score(self, ids):
        self.asked.append(list(ids))
        logits = self.table[list(ids)]
        for low in range(0, len(logits), self.rows):
            yield logits[low : low + self.rows]


def quiet(_):
    pass


P = np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [0.6, 0.2, 0.2]])


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_it_is_the_sum_over_the_continuation_however_the_rows_come(rows):
    session = TableSession(np.log(P), rows)
    found = likelihood(session, [2, 0, 0], [1, 2, 0])
    assert found.total == pytest.approx(np.log(0.7) + np.log(0.4) + np.log(0.6), rel=1e-6)
    assert found.greedy
    assert session.asked == [[2, 0, 0, 1, 2]]  # nothing follows the last id


def test_one_id_that_is_not_the_likeliest_is_not_greedy():
    assert not likelihood(TableSession(np.log(P)), [0], [1, 0]).greedy
    assert not likelihood(TableSession(np.log(P)), [0], [2, 0]).greedy


def test_many_pairs_are_answered_in_order_and_told():
    told = []
    found = likelihoods(TableSession(np.log(P)), [((0,), (1,)), ((0,), (2,))], told.append)
    assert [round(float(np.exp(f.total)), 3) for f in found] == [0.7, 0.2]
    assert told[0].fraction == 0


def test_nothing_before_or_nothing_to_score_is_refused():
    for pair in (((), (1,)), ((1,), ())):
        with pytest.raises(InputError, match="at least one token"):
            likelihoods(TableSession(P), [pair], quiet)


def test_numbers_that_are_not_finite_are_an_error():
    with pytest.raises(ArithmeticError, match="not finite"):
        likelihood(TableSession(np.full((3, 3), np.nan)), [0], [1])
