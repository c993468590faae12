"""JAX's debugging modes: what is right passes them, so that a reader finds mistakes of their own alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling import Trials, log_likelihood, models, simulate

KEY = jax.random.key(0)
MODELS = {
    "rescorla_wagner": (models.rescorla_wagner(3), {"alpha": [0.3, 0.4], "temperature": 0.5}),
    "win_stay_lose_shift": (models.win_stay_lose_shift(3), {"lapse": [0.1, 0.9]}),
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
each_mode = pytest.mark.parametrize(
    "name, mode", [*(("rescorla_wagner", mode) for mode in MODES), ("win_stay_lose_shift", "nans")]
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
        assert all_finite(simulate(KEY, model, params, OUTCOMES, **task))
        total = lambda params: simulate(KEY, model, params, OUTCOMES, **task).choice_p[..., 0].sum()  # noqa: E731
        assert all_finite(jax.grad(total)(params))


def test_what_is_not_finite_is_refused_in_words():
    with jax.debug_nans(True), pytest.raises(ValueError, match="^outcomes: expected finite numbers, got nan"):
        Trials([[0, 1]], [[np.nan, 1.0]])
