"""Chapter 10: parameter recovery."""

from __future__ import annotations

import jax
import numpy as np
import numpyro.distributions as dist

from .. import models, studies
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 10.1: bias and rmse.


def _bias_and_rmse(true, estimate):
    error = np.asarray(estimate) - np.asarray(true)
    return [error.mean(), (error**2).mean() ** 0.5]


def _sign(true, estimate):
    bias, rmse = _bias_and_rmse(true, estimate)
    return [-bias, rmse]


def _no_root(true, estimate):
    bias, rmse = _bias_and_rmse(true, estimate)
    return [bias, rmse**2]


def _spread(true, estimate):
    error = np.asarray(estimate) - np.asarray(true)
    return [error.mean(), error.std()]


def _sizes(true, estimate):
    error = np.asarray(estimate) - np.asarray(true)
    return [error.mean(), np.abs(error).mean()]


def _bias_of_sizes(true, estimate):
    error = np.abs(np.asarray(estimate) - np.asarray(true))
    return [error.mean(), (error**2).mean() ** 0.5]


BIAS_AND_RMSE = Exercise(
    number="10.1",
    reference=_bias_and_rmse,
    cases=lambda: [
        (np.array([0.2, 0.5, 0.9, 0.4]), np.array([0.5, 0.4, 1.0, 0.9])),
        (np.array([0.3, 0.1, 0.7]), np.array([0.1, 0.15, 0.2])),
    ],
    hint="Bias is a mean of errors; for the rmse read its name backwards: errors, square, mean, root.",
    mistakes=(
        Mistake("the bias has the wrong sign", _sign, "It is above 0 where estimates are too high."),
        Mistake("the root is missing", _no_root, "An rmse has the unit of the parameter, not its square."),
        Mistake(
            "the second number is the standard deviation of the errors",
            _spread,
            "That forgets the bias: the errors are to be squared as they are.",
        ),
        Mistake("the second number is the mean size of the errors", _sizes, "What does the s of rmse say?"),
        Mistake(
            "the bias is the mean size of the errors",
            _bias_of_sizes,
            "In a bias, an error upwards and an error downwards cancel out.",
        ),
        Mistake(
            "the two numbers are swapped",
            lambda true, estimate: _bias_and_rmse(true, estimate)[::-1],
            "The bias comes first.",
        ),
    ),
)

# 10.2: the choice kernel.

_KERNEL_ORDER = ["alpha_c", "temperature_c"]


def _kernel_table(key, outcomes, *, alpha_c=(0.05, 0.95), temperature_c=(0.2, 0.8)):
    params = {"alpha_c": dist.Uniform(*alpha_c), "temperature_c": dist.Uniform(*temperature_c)}
    kernel = models.choice_kernel(2)
    return studies.recovery(key, kernel, params, outcomes, progress=False).summary().loc[_KERNEL_ORDER]


def _kernel_rank_r(key, outcomes):
    return _kernel_table(key, outcomes)["rank_r"]


def _own_key(key, outcomes):
    return _kernel_rank_r(jax.random.key(13), outcomes)


def _ranges_swapped(key, outcomes):
    return _kernel_table(key, outcomes, alpha_c=(0.2, 0.8), temperature_c=(0.05, 0.95))["rank_r"]


def _kernel_case():
    outcomes = np.random.default_rng(3).integers(0, 2, (60, 100, 2)).astype(float)
    return [(jax.random.key(2), outcomes)]


KERNEL = Exercise(
    number="10.2",
    reference=_kernel_rank_r,
    cases=_kernel_case,
    hint="summary() is a table: one row per parameter, and .loc[name, 'rank_r'] picks one number.",
    mistakes=(
        Mistake(
            "this is r",
            lambda key, outcomes: _kernel_table(key, outcomes)["r"],
            "Which column has the ranks?",
        ),
        Mistake(
            "the two parameters are swapped",
            lambda key, outcomes: _kernel_rank_r(key, outcomes)[::-1],
            "alpha_c comes first.",
        ),
        Mistake("the key is always the same", _own_key, "Use the key that your function is given."),
        Mistake("the two ranges are swapped", _ranges_swapped, "Which range belongs to the temperature?"),
        Mistake(
            "this is the rmse",
            lambda key, outcomes: _kernel_table(key, outcomes)["rmse"],
            "Which column has the ranks?",
        ),
    ),
    # A rank correlation of 60 people moves by less than .01 with the rounding of the search.
    tolerance=0.02,
)

# 10.3: the r that we expect.


def _expected_r(low, high, rmse):
    sd = (high - low) / np.sqrt(12)
    return sd / np.sqrt(sd**2 + rmse**2)


def _reliability(low, high, rmse):
    return _expected_r(low, high, rmse) ** 2


def _sum_of_sds(low, high, rmse):
    sd = (high - low) / np.sqrt(12)
    return sd / (sd + rmse)


def _range_as_sd(low, high, rmse):
    return (high - low) / np.sqrt((high - low) ** 2 + rmse**2)


def _no_root_of_12(low, high, rmse):
    sd = (high - low) / 12
    return sd / np.sqrt(sd**2 + rmse**2)


def _of_posterior_means(low, high, rmse):
    sd = (high - low) / np.sqrt(12)
    return np.sqrt(np.clip(1 - rmse**2 / sd**2, 0, None))


EXPECTED_R = Exercise(
    number="10.3",
    reference=_expected_r,
    cases=lambda: [(0.1, 0.9, 0.2), (np.array([0.0, 0.3]), np.array([0.6, 0.5]), np.array([0.1, 0.05]))],
    hint="The variance of the estimates is that of the true values plus that of the errors.",
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "this is the square of r",
            _reliability,
            "It is the reliability; r divides the covariance by two standard deviations.",
        ),
        Mistake("standard deviations are added", _sum_of_sds, "It is variances that add up."),
        Mistake(
            "the range stands in the place of the standard deviation",
            _range_as_sd,
            "The text says how to come from the one to the other.",
        ),
        Mistake("the range is divided by 12", _no_root_of_12, "Not by 12: look at the text again."),
        Mistake(
            "this is the rule for posterior means",
            _of_posterior_means,
            "Here the errors have nothing to do with the true values, and add to their variance.",
        ),
    ),
)

EXERCISES = (BIAS_AND_RMSE, KERNEL, EXPECTED_R)
