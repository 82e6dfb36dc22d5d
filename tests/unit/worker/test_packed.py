"""The reference in 16 bits: what it costs is small, known, and independent of the vocabulary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.worker.packed import Writer, normalized, open_packed, pack, unpack


def rows(seed, count=20, vocabulary=2000, scale=3.0):
    logits = np.random.default_rng(seed).normal(scale=scale, size=(count, vocabulary))
    return normalized(logits).astype(np.float32)


@given(st.integers(0, 1000), st.floats(0.01, 12.0))
def test_the_likeliest_token_stays_the_likeliest(seed, scale):
    logp = rows(seed, scale=scale)
    assert (unpack(pack(logp)).argmax(axis=1) == logp.argmax(axis=1)).all()


@given(st.integers(0, 1000), st.floats(0.5, 12.0))
def test_rows_read_back_are_distributions_and_close(seed, scale):
    logp = rows(seed, scale=scale)
    back = unpack(pack(logp))
    assert np.exp(back).sum(axis=1) == pytest.approx(1.0)
    exact = normalized(logp)
    kl = (np.exp(exact) * (exact - back)).sum(axis=1)
    assert kl.max() < 1e-6


def test_writing_measures_what_packing_loses(tmp_path):
    logp = rows(0)
    writer = Writer(tmp_path / "r.npy", len(logp))
    writer.add(logp[:5])
    writer.add(logp[5:])
    loss = writer.loss()
    assert 0.0 < loss.kl_mean <= loss.kl_max < 1e-6
    stored = open_packed(tmp_path / "r.npy")
    assert stored.shape == (20, 2004)
    assert (stored == pack(logp)).all()


def test_a_row_of_equal_probabilities_is_kept():
    flat = np.full((1, 8), -np.log(8.0), np.float32)
    assert unpack(pack(flat)) == pytest.approx(flat, abs=1e-6)


def test_impossible_tokens_do_not_break_a_row():
    logp = np.array([[0.0, -np.inf, -np.inf]], np.float32)
    assert unpack(pack(logp))[0, 0] == pytest.approx(0.0, abs=1e-6)
