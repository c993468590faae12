"""The restless bandit that pays points: where its averages go, and what it pays."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

from behavioural_modelling import models, simulate, tasks
from behavioural_modelling.tasks import restless_points

FOUR = 4  # Monte-Carlo standard errors that a mean may be off: 1 in 16 000 is farther off by chance
MANY = 4000
START = [90.0, 50.0, 20.0]


def steps(task, state):
    """What many subjects are paid in one state, and their states after it."""
    keys = jax.random.split(jax.random.key(1), MANY)
    told = jax.vmap(task.respond, (0, None, None))(keys, state, 0)
    return jax.tree.map(np.asarray, told)


def test_one_step_goes_back_towards_the_centre():
    task = restless_points(10, 3, decay=0.9, start=START)
    _, after = steps(task, task.init(jax.random.key(0)))
    error = FOUR * 2.8 / np.sqrt(MANY)
    np.testing.assert_allclose(after.mean(axis=0), [86, 50, 23], atol=error)
    # A standard deviation has a standard error of sd / sqrt(2 n).
    np.testing.assert_allclose(after.std(axis=0), 2.8, atol=FOUR * 2.8 / np.sqrt(2 * MANY))
    apart = np.corrcoef(after.T)[np.triu_indices(3, 1)]
    assert np.abs(apart).max() < FOUR / np.sqrt(MANY), "walks of different actions are related"


def test_outcomes_are_whole_points_around_the_averages_and_within_bounds():
    task = restless_points(10, 3, start=START, bounds=(10, 92))
    paid, after = steps(task, task.init(jax.random.key(0)))
    np.testing.assert_array_equal(paid, paid.round())
    assert paid.min() >= 10 and paid.max() == 92
    # Rounding adds a variance of 1/12; a mean of 50 is far from the bounds.
    np.testing.assert_allclose(paid[:, 1].mean(), 50, atol=FOUR * 4 / np.sqrt(MANY))
    spread = np.sqrt(16 + 1 / 12)
    np.testing.assert_allclose(paid[:, 1].std(), spread, atol=FOUR * spread / np.sqrt(2 * MANY))
    noise, walk = paid[:, 1] - 50, after[:, 1] - 50
    assert abs(np.corrcoef(noise, walk)[0, 1]) < FOUR / np.sqrt(MANY), "payments and walks are related"
    graded = restless_points(10, 3, start=START, whole=False)
    paid, _ = steps(graded, graded.init(jax.random.key(0)))
    assert (paid != paid.round()).mean() > 0.9


def test_averages_begin_where_they_are_in_the_long_run():
    task = restless_points(10, 4)
    first = np.asarray(jax.vmap(task.init)(jax.random.split(jax.random.key(2), MANY)))
    spread = 2.8 / np.sqrt(1 - 0.9836**2)
    np.testing.assert_allclose(first.mean(axis=0), 50, atol=FOUR * spread / np.sqrt(MANY))
    np.testing.assert_allclose(first.std(axis=0), spread, atol=FOUR * spread / np.sqrt(2 * MANY))
    _, later = jax.vmap(task.respond, (0, 0, None))(
        jax.random.split(jax.random.key(3), MANY), jnp.asarray(first), 0
    )
    np.testing.assert_allclose(np.std(later, axis=0), spread, atol=FOUR * spread / np.sqrt(2 * MANY))


def test_it_is_played():
    task = tasks.standard("restless_points")
    model = models.kalman_filter(4, 50.0)
    trace = simulate(jax.random.key(0), model, {"drift": 0.7, "temperature": np.full(20, 5.0)}, task)
    assert trace.outcomes.shape == (20, 300, 4)
    # Whoever learns earns more than 50, which is what choosing at random pays on average.
    earned = np.take_along_axis(np.asarray(trace.outcomes), np.asarray(trace.choices)[..., None], -1)
    assert earned.mean() > 55
    assert tasks.standard("restless_points") is task is pickle.loads(pickle.dumps(task))


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: restless_points(0), "n_trials", "at least 1", "0"),
        Bad(lambda: restless_points(9, 1), "n_actions", "at least 2", "1"),
        Bad(lambda: restless_points(9, decay=1.1), "decay", "[0, 1]", "1.1"),
        Bad(lambda: restless_points(9, decay=[0.5, 0.6]), "decay", "one number", "shape (2,)"),
        Bad(lambda: restless_points(9, drift_sd=-1), "drift_sd", "at least 0", "-1"),
        Bad(lambda: restless_points(9, observation_sd=np.inf), "observation_sd", "finite", "inf"),
        Bad(lambda: restless_points(9, centre=np.nan), "centre", "finite", "nan"),
        Bad(lambda: restless_points(9, bounds=(5, 5)), "bounds", "the smaller first", "(5.0, 5.0)"),
        Bad(lambda: restless_points(9, decay=1), "start", "a decay of 1", "None"),
        Bad(lambda: restless_points(9, start=[1.0, 2.0]), "start", "one per action", "shape (2,)"),
    ],
    ids=lambda bad: bad.name,
)
def test_what_is_refused(bad):
    assert_refused(bad)
