"""Drawing choices from probabilities, and keys per subject."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from behavioural_modelling import utils

N_DRAWS = 40_000

# Every sort of row: zeros at the start, in the middle and at the end, tiny and unnormalised entries,
# sums that are not exactly 1 in float32.
AWKWARD_ROWS = [
    [0.0, 1.0, 0.0, 0.0],
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 1.0],
    [0.0, 0.5, 0.5, 0.0],
    [0.1, 0.0, 0.0, 0.9],
    [1 / 3, 1 / 3, 1 / 3, 0.0],
    [0.0, 1 / 3, 1 / 3, 1 / 3],
    [0.7, 0.0, 0.2, 0.1],
    [1e-8, 0.0, 1.0, 0.0],
    [0.0, 1.0, 0.0, 1e-8],
    [1.0, 1e-30, 0.0, 0.0],
    [0.0, 1e-30, 0.0, 1.0],
    [3.0, 0.0, 7.0, 0.0],
    [0.0, 1e30, 0.0, 1e30],
    [0.0, 1e-30, 2e-30, 0.0],
]
# The ends of what jax.random.uniform draws in float32 are 0 and 1 - 2**-23; 1 itself is let through.
AWKWARD_UNIFORMS = [
    *(0.0, 2.0**-126, 2.0**-24, 2.0**-23, 1e-8, 0.1, 1 / 3, 0.5 - 2.0**-25, 0.5, 0.5 + 2.0**-24),
    *(2 / 3, 0.7, 0.9, 1 - 1e-6, 1 - 2.0**-22, 1 - 2.0**-23, 1 - 2.0**-24, 1.0),
]


def assert_frequencies(choices, expected):
    """Hold the frequencies of each column of draws against probabilities, within 5 standard errors.

    A frequency has the standard error sqrt(p (1 - p) / n); the 1e-6 lets p = 0 and 1 be float32.
    """
    expected = np.asarray(expected, dtype=np.float64)
    n_draws, n_actions = choices.shape[0], expected.shape[-1]
    for action in range(n_actions):
        p = expected[..., action]
        frequency = (choices == action).mean(axis=0)
        assert (np.abs(frequency - p) <= 5 * np.sqrt(p * (1 - p) / n_draws) + 1e-6).all()


def draw(probs, lapse=0.0, n_draws=N_DRAWS, seed=0):
    """Many independent draws from the same probabilities, stacked on a new first axis."""
    probs = np.broadcast_to(np.asarray(probs, dtype=np.float32), (n_draws, *np.shape(probs)))
    lapse = np.broadcast_to(np.float32(lapse), probs.shape[:-1])
    return np.asarray(jax.jit(utils.choice_from_action_p)(jax.random.key(seed), probs, lapse))


@pytest.mark.parametrize("lapse", [0.0, 0.2, 1.0])
@pytest.mark.parametrize(
    "probs",
    [[0.1, 0.6, 0.3], [0.5, 0.5], [0.25] * 4, [0.0, 1.0], [2.0, 6.0, 0.0], [1e-6, 3e-6]],
    ids=str,
)
def test_frequencies(probs, lapse):
    assert_frequencies(draw(probs, lapse), reference.lapse_mixture(probs, lapse))


def test_frequencies_with_leading_axes_and_a_lapse_per_row():
    rng = np.random.default_rng(1)
    probs, lapse = rng.gamma(1, size=(2, 3, 4)), rng.uniform(size=(2, 3))
    expected = [[reference.lapse_mixture(probs[i, j], lapse[i, j]) for j in range(3)] for i in range(2)]
    choices = draw(probs, lapse)
    assert choices.shape == (N_DRAWS, 2, 3)
    assert_frequencies(choices, expected)


def test_frequencies_of_single_draws_over_keys():
    keys = jax.random.split(jax.random.key(2), N_DRAWS)
    single = partial(utils.choice_from_action_p_single, probs=[0.2, 0.5, 0.3], lapse=0.4)
    choices = np.asarray(jax.jit(jax.vmap(single))(keys))
    assert_frequencies(choices, reference.lapse_mixture([0.2, 0.5, 0.3], 0.4))


@pytest.mark.parametrize("shape", [(3,), (2, 4, 3), (0, 3)])
def test_shape_and_type(shape):
    choices = utils.choice_from_action_p(jax.random.key(0), np.ones(shape))
    assert choices.shape == shape[:-1]
    assert choices.dtype == jnp.int32
    assert ((choices >= 0) & (choices < 3)).all()


def test_single_equals_the_general_function():
    for seed in range(20):
        key = jax.random.key(seed)
        single = utils.choice_from_action_p_single(key, [0.2, 0.5, 0.3], 0.1)
        assert single.shape == () and single.dtype == jnp.int32
        assert single == utils.choice_from_action_p(key, [0.2, 0.5, 0.3], 0.1)


@pytest.mark.parametrize("uniform", AWKWARD_UNIFORMS)
def test_zero_probability_is_never_chosen(uniform):
    rows = np.array(AWKWARD_ROWS, dtype=np.float32)
    choices = np.asarray(utils.choice_from_uniform(np.full(len(rows), uniform), rows))
    assert (rows[np.arange(len(rows)), choices] > 0).all()


def test_zero_probability_is_never_chosen_in_random_rows():
    rng = np.random.default_rng(3)
    rows = rng.gamma(0.5, size=(2000, 7)) * (rng.uniform(size=(2000, 7)) < 0.6)
    rows = rows[rows.max(axis=1) > 0].astype(np.float32)
    for uniform in AWKWARD_UNIFORMS:
        choices = np.asarray(utils.choice_from_uniform(np.full(len(rows), uniform), rows))
        assert (rows[np.arange(len(rows)), choices] > 0).all(), uniform


def test_zero_probability_is_never_chosen_in_long_rows():
    # JAX adds up long rows block by block, so that rounding may move the end of a piece of length 0 past the
    # end before it. Random numbers at the very ends of the pieces, and just below and above them, find it.
    rng = np.random.default_rng(10)
    for _ in range(3):
        probs = (rng.gamma(0.5, size=1000) * (rng.uniform(size=1000) < 0.5)).astype(np.float32)
        ends = np.cumsum(probs / probs.sum(), dtype=np.float32)
        uniforms = np.concatenate([ends - 2.0**-24, ends, ends + 2.0**-24]).clip(0, 1)
        choices = utils.choice_from_uniform(uniforms, np.broadcast_to(probs, (3000, 1000)))
        assert (probs[np.asarray(choices)] > 0).all()


@pytest.mark.parametrize("n_actions", [2, 10, 1000])
def test_the_ends_of_the_line(n_actions):
    probs = np.random.default_rng(4).gamma(1, size=n_actions + 2).astype(np.float32)
    probs[0] = probs[-1] = 0
    assert utils.choice_from_uniform(0.0, probs) == 1
    # The last number below 1, 1 - 1e-12 (which is 1 in float32) and 1 itself: the last action, or, where
    # its piece is shorter than the rounding of the sum, one whose piece ends within 2**-22 of the end.
    for uniform in (np.float32(1 - 2.0**-24), 1 - 1e-12, 1.0):
        last = int(utils.choice_from_uniform(uniform, probs))
        assert probs[last] > 0
        assert probs[last + 1 :].sum() <= 2.0**-22 * probs.sum()


def test_choice_from_uniform_by_hand():
    probs = [0.25, 0.5, 0.25]  # exact in float32: the pieces end at 1/4, 3/4 and 1
    uniforms = [0.0, 0.25 - 2.0**-26, 0.25, 0.5, 0.75 - 2.0**-24, 0.75, 1 - 2.0**-24]
    choices = utils.choice_from_uniform(uniforms, [probs] * len(uniforms))
    assert choices.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert utils.choice_from_uniform([0.5, 0.5], [[2.0, 0.0], [0.0, 3.0]]).tolist() == [0, 1]
    # With a lapse of .5 the pieces of [1, 0] end at 3/4 and 1.
    assert utils.choice_from_uniform([0.7, 0.8], [[1.0, 0.0]] * 2, 0.5).tolist() == [0, 1]


def test_choice_from_uniform_against_the_loop():
    rng = np.random.default_rng(5)
    probs = rng.gamma(0.5, size=(3000, 5)).astype(np.float32)
    uniforms = rng.uniform(size=3000).astype(np.float32)
    choices = utils.choice_from_uniform(uniforms, probs, 0.1)
    mixed = [reference.lapse_mixture(row, 0.1) for row in probs]
    # A number within float32 rounding, 10 units, of an end may fall on either side: leave those out.
    ends = np.cumsum(mixed, axis=1)
    clear = (np.abs(ends - uniforms[:, None]) > 10 * 2.0**-24).all(axis=1)
    expected = np.array([reference.choose(u, row) for u, row in zip(uniforms, mixed, strict=True)])
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(np.asarray(choices)[clear], expected[clear])


def test_choice_from_action_p_is_choice_from_uniform():
    key, probs = jax.random.key(6), np.random.default_rng(6).gamma(1, size=(4, 50, 3))
    uniforms = jax.random.uniform(key, (4, 50))
    np.testing.assert_array_equal(
        utils.choice_from_action_p(key, probs, 0.2),
        utils.choice_from_uniform(uniforms, probs, 0.2),
    )


def test_every_row_has_its_own_draw():
    n_actions = 1000
    choices = draw(np.full((200, n_actions), 1 / n_actions), n_draws=1)[0]
    # 200 draws among 1000: about 181 different ones; all rows alike would give 1.
    assert len(np.unique(choices)) > 150
    pairs = draw([[0.5, 0.5], [0.5, 0.5]])
    # Two rows agree half of the time; 5 standard errors of a frequency of 1/2.
    assert abs((pairs[:, 0] == pairs[:, 1]).mean() - 0.5) < 5 * 0.5 / np.sqrt(N_DRAWS)


def test_a_draw_does_not_depend_on_how_many_rows_there_are():
    probs = np.random.default_rng(7).gamma(1, size=(100, 4))
    key = jax.random.key(7)
    choices = utils.choice_from_action_p(key, probs)
    for n_rows in (1, 50):
        np.testing.assert_array_equal(utils.choice_from_action_p(key, probs[:n_rows]), choices[:n_rows])


def test_another_key_gives_another_draw_and_the_same_key_the_same():
    probs = np.full((200, 4), 0.25)
    first, again, other = (
        np.asarray(utils.choice_from_action_p(jax.random.key(seed), probs)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    # Independent draws among four agree on a quarter; 5 standard errors of 200.
    assert abs((first == other).mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 200)


@pytest.mark.parametrize("as_key", [jax.random.PRNGKey, lambda seed: np.asarray(jax.random.PRNGKey(seed))])
def test_old_style_keys_give_the_same_choices(as_key):
    probs = np.full((50, 4), 0.25)
    np.testing.assert_array_equal(
        utils.choice_from_action_p(as_key(3), probs),
        utils.choice_from_action_p(jax.random.key(3), probs),
    )


def test_jit_equals_eager_and_vmap_equals_a_loop():
    probs = jnp.asarray(np.random.default_rng(8).gamma(1, size=(30, 4)), dtype=jnp.float32)
    keys = jax.random.split(jax.random.key(8), 30)
    eager = utils.choice_from_action_p(keys[0], probs, 0.1)
    np.testing.assert_array_equal(jax.jit(utils.choice_from_action_p)(keys[0], probs, 0.1), eager)
    mapped = jax.vmap(utils.choice_from_action_p, in_axes=(0, 0, None))(keys, probs, 0.1)
    single = jax.vmap(utils.choice_from_action_p_single, in_axes=(0, 0, None))(keys, probs, 0.1)
    compiled = jax.jit(utils.choice_from_action_p)
    loop = [compiled(k, p, 0.1) for k, p in zip(keys, probs, strict=True)]
    np.testing.assert_array_equal(mapped, loop)
    np.testing.assert_array_equal(single, loop)


def test_float64_where_jax_has_it_switched_on(x64):
    # The middle piece is 2**-40 long: float32 could not tell its ends apart.
    probs = np.array([0.5, 2.0**-40, 0.5 - 2.0**-40])
    assert utils.choice_from_uniform(0.5 + 2.0**-41, probs) == 1
    assert utils.choice_from_uniform(1 - 2.0**-53, [0.5, 0.5, 0.0]) == 1


def test_subject_keys_depend_on_the_key_and_the_subject_alone():
    key = jax.random.key(9)
    data = jax.random.key_data(utils.subject_keys(key, 50))
    np.testing.assert_array_equal(data[:7], jax.random.key_data(utils.subject_keys(key, 7)))
    for subject in (0, 1, 49):
        np.testing.assert_array_equal(data[subject], jax.random.key_data(jax.random.fold_in(key, subject)))
    assert len(np.unique(data, axis=0)) == 50
    other = jax.random.key_data(utils.subject_keys(jax.random.key(10), 50))
    assert not (data == other).all(axis=1).any()


def test_subject_keys_from_an_old_style_key():
    old = utils.subject_keys(jax.random.PRNGKey(9), 5)
    new = utils.subject_keys(jax.random.key(9), 5)
    np.testing.assert_array_equal(old, jax.random.key_data(new))
