"""Rows of actions written out, against NumPy: both sides of the length at which they are reduced."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling._compute import rows

LENGTHS = [1, 2, 5, rows.WRITTEN_OUT, rows.WRITTEN_OUT + 1, 100]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("n_actions", LENGTHS)
@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_row_max_and_sum(n_actions, leading, rng):
    x = rng.normal(size=(*leading, n_actions)).astype(np.float32)
    np.testing.assert_array_equal(rows.row_max(x), x.max(axis=-1, keepdims=True))
    # Each of n additions rounds once, by at most half a unit in the last place of the sum of |x|.
    atol = n_actions * np.finfo(np.float32).eps * np.abs(x).sum(axis=-1).max()
    exact = x.astype(float).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(rows.row_sum(x), exact, rtol=0, atol=atol)


@pytest.mark.parametrize("n_actions", LENGTHS)
def test_first_end_beyond_is_the_piece_at_that_share(n_actions, rng):
    pieces = rng.integers(0, 4, size=(200, n_actions)).astype(np.float32)
    pieces[:, 0] += pieces.sum(axis=1) == 0
    total = pieces.sum(axis=1)
    # Whole lengths and shares between them: no rounding can move a share past an end.
    share = (rng.integers(0, total) + 0.5) / total
    ends = pieces.cumsum(axis=1)
    expected = [np.searchsorted(end, s * end[-1], side="right") for end, s in zip(ends, share, strict=True)]
    found = rows.first_end_beyond(jnp.asarray(share, jnp.float32), pieces)
    assert found.dtype == jnp.int32
    np.testing.assert_array_equal(found, expected)


def test_gradients_pass_through_written_out_rows():
    x = jnp.array([[0.2, 0.5, 0.3], [1.0, 1.0, 0.0]])
    np.testing.assert_array_equal(jax.grad(lambda x: rows.row_sum(x).sum())(x), np.ones((2, 3)))
