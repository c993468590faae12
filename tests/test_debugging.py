"""JAX's debugging modes: what is right passes them, so that a reader finds mistakes of their own alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling import Model, Trials, log_likelihood, models, replay, responses, simulate
from behavioural_modelling.models import Parameter

KEY = jax.random.key(0)
MODELS = {
    "rescorla_wagner": (models.rescorla_wagner(3), {"alpha": [0.3, 0.4], "temperature": 0.5}),
    "win_stay_lose_shift": (models.win_stay_lose_shift(3), {"lapse": [0.1, 0.9]}),
    "composed": (
        models.with_lapse(models.with_stickiness(models.with_forgetting(models.rescorla_wagner(3)))),
        {"alpha": 0.3, "temperature": 0.5, "forgetting": 0.2, "stickiness": [-0.5, 0.5], "lapse": [0.0, 1.0]},
    ),
}
MODES = {
    "nans": lambda: jax.debug_nans(True),
    "infs": lambda: jax.debug_infs(True),
    "strict promotion": lambda: jax.numpy_dtype_promotion("strict"),
    "leaks": lambda: jax.checking_leaks(),
}
MASK = np.array([[True, False, True, True], [True, True, True, False]])
RESET = np.array([[False, False, True, False]] * 2)
AVAILABLE = np.ones((2, 4, 3), bool)
AVAILABLE[:, 2, 2] = False
OUTCOMES = np.random.default_rng(0).integers(0, 2, (2, 4, 3)).astype(np.float32)
# JAX looks for leaks in every small function apart, which takes its time: so in the plain model alone.
each_mode = pytest.mark.parametrize(
    "name, mode",
    [
        *(("rescorla_wagner", mode) for mode in MODES),
        *(("composed", mode) for mode in MODES if mode != "leaks"),
        ("win_stay_lose_shift", "nans"),
    ],
)


def given(name, mode):
    """A model that is traced anew in each mode, and its parameters."""
    model, params = MODELS[name]
    params = {key: jnp.asarray(x, jnp.float32) for key, x in params.items()}
    return model._replace(name=f"{name} under {mode}"), params


def all_finite(tree):
    return all(np.isfinite(x).all() for x in jax.tree.leaves(tree))


@each_mode
def test_the_likelihood_and_its_slopes(name, mode):
    model, params = given(name, mode)
    # Trials that count and trials that do not, which hold NaN; and actions that are not on offer.
    outcomes = np.where(MASK[..., None], OUTCOMES, np.nan)
    with MODES[mode]():
        trials = Trials([[0, -1, 1, 2], [0, 1, 1, -1]], outcomes, AVAILABLE, MASK, RESET)
        total = jax.value_and_grad(lambda params: log_likelihood(model, params, trials).sum())
        value, slopes = total(params)
        assert all_finite((value, slopes)) and value < 0


@each_mode
def test_simulation_and_its_slopes(name, mode):
    model, params = given(name, mode)
    task = {"available": AVAILABLE, "reset": RESET}
    with MODES[mode]():
        trace = simulate(KEY, model, params, OUTCOMES, **task)
        assert all_finite(trace) and len(jax.tree.leaves(trace)) == len(trace.records) >= 2
        total = lambda params: simulate(KEY, model, params, OUTCOMES, **task).choice_p[..., 0].sum()  # noqa: E731
        assert all_finite(jax.grad(total)(params))


def learner(response, predict):
    """A model of one value that follows its outcome."""

    def update(params, value, trial, responded, outcome):
        error = jnp.mean(outcome) - value
        return value + params["alpha"] * error, {"prediction_errors": error}

    init = lambda params: jnp.full((), 0.5) * params["alpha"]  # noqa: E731
    return Model("learner", (Parameter("alpha", 0, 1),), response, init, predict, update)


RATER = learner(responses.normal(), lambda params, value, trial: (value, jnp.exp(-value)))
RACER = learner(
    responses.wald_race(3),
    lambda params, value, trial: {
        "drifts": value * jnp.arange(3).astype(value.dtype),
        "threshold": jnp.ones_like(value),
        "non_decision_time": 0.1 * jnp.ones_like(value),
    },
)
NOT_KNOWN = np.where(MASK, 0.4, np.nan).astype(np.float32)


@pytest.mark.parametrize(
    "name, mode",
    [*(("ratings", mode) for mode in MODES), *(("times", mode) for mode in MODES if mode != "leaks")],
)
def test_ratings_and_times(name, mode):
    model = {"ratings": RATER, "times": RACER}[name]._replace(name=f"{name} under {mode}")
    params = {"alpha": jnp.array([0.3, 0.6], jnp.float32)}
    outcomes = OUTCOMES[..., 0] if name == "ratings" else np.where(MASK[..., None], OUTCOMES, np.nan)
    choices = None if name == "ratings" else [[0, -1, 1, 2], [0, 1, 1, -1]]
    with MODES[mode]():
        trials = Trials(choices, outcomes, mask=MASK, reset=RESET, responses={name: NOT_KNOWN})
        value, slopes = jax.value_and_grad(lambda params: log_likelihood(model, params, trials).sum())(params)
        assert all_finite((value, slopes)) and slopes["alpha"].all()
        told = replay(model, params, trials)
        np.testing.assert_array_equal(np.isfinite(told.log_prob), MASK)
        trace = simulate(KEY, model, params, OUTCOMES[..., 0] if name == "ratings" else OUTCOMES)
        assert all_finite(trace) and trace.records[name].shape == (2, 4)


def test_what_is_not_finite_is_refused_in_words():
    with jax.debug_infs(True), pytest.raises(ValueError, match="^outcomes: expected finite numbers.*got inf"):
        Trials([[0, 1]], [[np.inf, 1.0]])
