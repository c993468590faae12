"""Chapter 14: Bayesian estimation."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 14.1: from heights to an answer.


def _mass(log_heights):
    log_heights = np.asarray(log_heights)
    mass = np.exp(log_heights - log_heights.max())
    return mass / mass.sum()


def _mean_and_lower(values, log_heights):
    mass = _mass(log_heights)
    return [(values * mass).sum(), mass[values < 0.2].sum()]


def _top(values, log_heights):
    return [values[np.argmax(log_heights)], _mean_and_lower(values, log_heights)[1]]


def _no_constant(values, log_heights):
    with np.errstate(invalid="ignore"):
        mass = np.exp(log_heights) / np.exp(log_heights).sum()
    return [(values * mass).sum(), mass[values < 0.2].sum()]


def _not_divided(values, log_heights):
    mass = np.exp(log_heights - np.max(log_heights))
    return [(values * mass).sum(), mass[values < 0.2].sum()]


def _logarithms(values, log_heights):
    weights = log_heights / np.sum(log_heights)
    return [(values * weights).sum(), weights[values < 0.2].sum()]


def _share_of_squares(values, log_heights):
    return [_mean_and_lower(values, log_heights)[0], (values < 0.2).mean()]


def _above(values, log_heights):
    mean, below = _mean_and_lower(values, log_heights)
    return [mean, 1 - below]


def _heights():
    values = (np.arange(40) + 0.5) / 40
    skewed = 1.5 * np.log(values) + 6 * np.log1p(-values) - 1000
    return [(values, skewed), (values, -0.5 * ((values - 0.3) / 0.15) ** 2 - 3.0)]


FROM_HEIGHTS = Exercise(
    number="14.1",
    reference=_mean_and_lower,
    cases=_heights,
    hint="Heights first, then shares of their sum; the mean is a sum of values times shares.",
    mistakes=(
        Mistake("the first number is the top", _top, "All of the hill counts, not only its highest point."),
        Mistake(
            "all heights came out as 0",
            _no_constant,
            "The exponential of -1000 is 0: what may be subtracted from all logarithms?",
        ),
        Mistake("the shares do not add up to 1", _not_divided, "What is below the line in Bayes' rule?"),
        Mistake("logarithms are the weights", _logarithms, "Weights are heights, not their logarithms."),
        Mistake(
            "the second number is a share of the values", _share_of_squares, "How high is the hill over them?"
        ),
        Mistake("the second number is the probability of being above", _above, "Which side is asked for?"),
    ),
)

# 14.2: r-hat.


def _ratio(groups):
    n = groups.shape[1]
    return groups.mean(axis=1).var(ddof=1) / groups.var(axis=1, ddof=1).mean(), n


def _halves(draws):
    return np.asarray(draws).reshape(2 * len(draws), -1)


def _r_hat(draws):
    ratio, n = _ratio(_halves(draws))
    return np.sqrt((n - 1) / n + ratio)


def _whole_chains(draws):
    ratio, n = _ratio(np.asarray(draws))
    return np.sqrt((n - 1) / n + ratio)


def _no_root(draws):
    return _r_hat(draws) ** 2


def _turned(draws):
    ratio, n = _ratio(_halves(draws))
    return np.sqrt((n - 1) / n + 1 / ratio)


def _population_variances(draws):
    halves = _halves(draws)
    n = halves.shape[1]
    return np.sqrt((n - 1) / n + halves.mean(axis=1).var() / halves.var(axis=1).mean())


def _chain_length(draws):
    ratio, _ = _ratio(_halves(draws))
    n = np.shape(draws)[1]
    return np.sqrt((n - 1) / n + ratio)


def _every_other(draws):
    draws = np.asarray(draws)
    ratio, n = _ratio(np.concatenate([draws[:, ::2], draws[:, 1::2]]))
    return np.sqrt((n - 1) / n + ratio)


def _chains():
    rng = np.random.default_rng(0)
    drifting = np.linspace(0, 1.5, 20) + rng.normal(size=(3, 20))
    apart = rng.normal(size=(4, 12)) + np.array([[0.0], [1.0], [2.0], [0.5]])
    return [(drifting,), (apart,)]


R_HAT = Exercise(
    number="14.2",
    reference=_r_hat,
    cases=_chains,
    hint="Halves are rows: 2 times as many as chains, each half as long.",
    mistakes=(
        Mistake("chains are not cut in two", _whole_chains, "A drift shows only between the halves."),
        Mistake("the root is missing", _no_root, "Look at the formula again."),
        Mistake("B and W are swapped", _turned, "Which of the two is large where chains disagree?"),
        Mistake(
            "variances are divided by the number of entries", _population_variances, "What does ddof=1 do?"
        ),
        Mistake("n is the length of a whole chain", _chain_length, "How many draws does a half have?"),
        Mistake("every second draw is taken as a half", _every_other, "A half is what comes first, or last."),
    ),
)

# 14.3: the density of an inverse.


def _density_of_inverse(density, beta):
    return density(1 / beta) / beta**2


def _densities():
    def gamma(tau):
        return tau * np.exp(-tau)

    def uniform(tau):
        return np.where((tau > 0) & (tau < 4), 0.25, 0.0)

    return [(gamma, np.array([0.3, 0.8, 2.0, 5.0])), (uniform, np.array([0.1, 0.5, 3.0]))]


INVERSE = Exercise(
    number="14.3",
    reference=_density_of_inverse,
    cases=_densities,
    hint="Two steps: the density at the temperature that belongs to beta, then the change of the unit.",
    mistakes=(
        Mistake(
            "the unit has not changed",
            lambda density, beta: density(1 / beta),
            "It is still probability per unit of temperature.",
        ),
        Mistake(
            "the change of the unit is 1 / beta",
            lambda density, beta: density(1 / beta) / beta,
            "What is the derivative of 1 / beta?",
        ),
        Mistake(
            "the change of the unit is turned round",
            lambda density, beta: density(1 / beta) * beta**2,
            "Where beta is large, is its step in temperature long or short?",
        ),
        Mistake(
            "the density is taken at beta",
            lambda density, beta: density(beta) / beta**2,
            "It is a function of the temperature.",
        ),
    ),
)

EXERCISES = (FROM_HEIGHTS, R_HAT, INVERSE)
