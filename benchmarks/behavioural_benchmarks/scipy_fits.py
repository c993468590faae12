"""Maximum likelihood with SciPy's L-BFGS-B: one subject after the other, one start after the other.

The likelihood is a loop in NumPy, the same loop compiled by Numba, or the textbook's scan in JAX. The first
two leave the gradient to SciPy, which takes it from differences; JAX gives its own.
"""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from .fitting_task import NAMES
from .textbook_jax import one_log_likelihood

BOUNDS = ((0, 1), (0, 1), (0.01, 20))


@cache
def why_no_scipy() -> str:
    """Why the opponents cannot run here; nothing if they can."""
    try:
        import scipy.optimize  # noqa: F401
    except ImportError:
        return "SciPy is not installed"
    return ""


def numpy_log_likelihood(params, choices, outcomes):
    """One subject's log-likelihood, as most of us write it first."""
    alpha_p, alpha_n, temperature = params
    value, total = np.full(outcomes.shape[1], 0.5), 0.0
    for choice, outcome in zip(choices, outcomes, strict=True):
        logits = (value - value.max()) / temperature
        total += logits[choice] - np.log(np.exp(logits).sum())
        error = outcome[choice] - value[choice]
        value[choice] += (alpha_p if error > 0 else alpha_n) * error
    return total


@cache
def numba_log_likelihood():
    """The same function in plain loops, compiled; Numba is imported where it is called."""
    from numba import njit

    @njit
    def log_likelihood(params, choices, outcomes):
        alpha_p, alpha_n, temperature = params
        value, total = np.full(outcomes.shape[1], 0.5), 0.0
        for t in range(len(choices)):
            choice, best, weights = choices[t], value.max(), 0.0
            for a in range(len(value)):
                weights += np.exp((value[a] - best) / temperature)
            total += (value[choice] - best) / temperature - np.log(weights)
            error = outcomes[t, choice] - value[choice]
            value[choice] += (alpha_p if error > 0 else alpha_n) * error
        return total

    return log_likelihood


@jax.jit
@jax.value_and_grad
def _minus_textbook(params, choices, outcomes):
    return -one_log_likelihood(dict(zip(NAMES, params, strict=True)), choices, outcomes)


def scipy_numpy(choices, outcomes, starts):
    minus = lambda *arguments: -numpy_log_likelihood(*arguments)  # noqa: E731
    return _fit(minus, choices, outcomes.astype(float), starts)


def scipy_numba(choices, outcomes, starts):
    log_likelihood = numba_log_likelihood()
    return _fit(lambda *arguments: -log_likelihood(*arguments), choices, outcomes.astype(float), starts)


def scipy_jax(choices, outcomes, starts):
    def value_and_gradient(params, *data):
        value, gradient = _minus_textbook(params.astype(np.float32), *data)
        return float(value), np.asarray(gradient, float)

    return _fit(value_and_gradient, *map(jnp.asarray, (choices, outcomes)), starts, jac=True)


def _fit(minus_log_likelihood, choices, outcomes, starts, jac=None):
    """The best of all starts, for each subject."""
    from scipy.optimize import minimize

    best = []
    for *data, own_starts in zip(choices, outcomes, starts, strict=True):
        how = {"args": tuple(data), "method": "L-BFGS-B", "bounds": BOUNDS, "jac": jac}
        runs = [minimize(minus_log_likelihood, start, **how) for start in own_starts]
        best.append(min(runs, key=lambda run: run.fun))
    params = dict(zip(NAMES, np.transpose([run.x for run in best]), strict=True))
    return params, np.array([-run.fun for run in best])
