"""Chapter 9: a transform, a fit to read, and the logarithm of a prior."""

from __future__ import annotations

from functools import partial

import jax.numpy as jnp
import numpy as np

from ..fitting import Fit
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 9.1: from the line to a range.


def _to_range_of_ten(y, *, steepness=1.0):
    return 10 / (1 + jnp.exp(-steepness * y))


TRANSFORM = Exercise(
    number="9.1",
    reference=_to_range_of_ten,
    cases=lambda: [(jnp.array([-3.0, -0.5, 0.2, 1.5, 6.0]),), (jnp.array(0.7),)],
    hint="The way back from a logit, in to_range above, goes to the range from 0 to 1: stretch it.",
    mistakes=(
        Mistake(
            "this goes from 0 to 1",
            lambda y: _to_range_of_ten(y) / 10,
            "How wide is the range that was asked for?",
        ),
        Mistake(
            "this falls where it should rise",
            partial(_to_range_of_ten, steepness=-1.0),
            "A larger number on the line is a larger number in the range: look at the sign.",
        ),
        Mistake(
            "this is the way to the line, not back",
            lambda y: jnp.log(y / (10 - y)),
            "y may be any real number, and what you return lies between 0 and 10.",
        ),
        Mistake(
            "this has no upper end",
            lambda y: jnp.exp(y),
            "An exponential suits a parameter with one bound. This one has two.",
        ),
        Mistake(
            "this is a hyperbolic tangent, which is twice as steep",
            partial(_to_range_of_ten, steepness=2.0),
            "Use the way back from a logit.",
        ),
        Mistake(
            "this goes from -5 to 5",
            lambda y: _to_range_of_ten(y) - 5,
            "0 is to go to the middle of the range, which is not 0.",
        ),
        Mistake(
            "the numbers are cut off at the ends",
            lambda y: jnp.clip(y + 5.0, 0, 10),
            "Beyond the ends the slope of this is 0, and a search is stuck.",
        ),
    ),
)

# 9.2: what a fit says.


def _a_fit(at_bound_p, at_bound_n, n_agree) -> Fit:
    """A fit with two learning rates, of which only what the exercise reads means anything."""
    n, names = len(n_agree), ("alpha_p", "alpha_n", "temperature")
    numbers = np.linspace(0.1, 0.9, n)
    at_bound = (at_bound_p, at_bound_n, [False] * n)
    return Fit(
        params=dict.fromkeys(names, numbers),
        log_likelihood=-numbers,
        log_prob=-numbers,
        standard_errors=dict.fromkeys(names, numbers),
        covariance=np.tile(np.eye(3), (n, 1, 1)),
        converged=np.ones(n, bool),
        at_bound={name: np.array(those, bool) for name, those in zip(names, at_bound, strict=True)},
        gradient_norm=numbers,
        n_agree=np.array(n_agree),
        start_log_prob=np.tile(-numbers[:, None], (1, max(n_agree))),
        n_trials=np.full(n, 72),
        n_parameters=np.full(n, 3),
        problem=np.array([""] * n, dtype=object),
        ranges=dict.fromkeys(names, np.tile([0.0, 1.0], (n, 1))),
        digest=np.arange(n, dtype=np.uint64),
    )


def _two_numbers(read, result):
    # Asked for one by one: a list of an array and a number would be no array.
    first, second = read(result)
    return {"at a bound": first, "fewest starts": second}


def _at_bound(result):
    return result.at_bound["alpha_p"].sum()


def _read(result):
    return _at_bound(result), result.n_agree.argmin()


def _any_bound(result):
    return np.any(list(result.at_bound.values()), axis=0).sum(), result.n_agree.argmin()


def _all_last(result):
    return _at_bound(result), len(result.n_agree) - 1 - result.n_agree[::-1].argmin()


READ = Exercise(
    number="9.2",
    reference=_read,
    cases=lambda: [
        (_a_fit([True, False, True, True, True, False], [False, True] * 3, [8, 5, 2, 7, 2, 8]),),
        (_a_fit([False, True, False], [True, True, False], [1, 4, 4]),),
    ],
    hint="One of the two is about result.at_bound, the other about result.n_agree.",
    attempt=_two_numbers,
    mistakes=(
        Mistake(
            "the fewest starts are counted, not looked up whose they are",
            lambda result: (_at_bound(result), result.n_agree.min()),
            "Which participant was asked for: argmin says where the smallest is.",
        ),
        Mistake(
            "this is the participant with most agreeing starts",
            lambda result: (_at_bound(result), result.n_agree.argmax()),
            "The fewest were asked for.",
        ),
        Mistake(
            "this is the last of those with the fewest agreeing starts",
            _all_last,
            "Where several have equally few, name the first.",
        ),
        Mistake(
            "a participant counts for any parameter at a bound", _any_bound, "Only `alpha_p` was asked for."
        ),
        Mistake(
            "this is about `alpha_n`",
            lambda result: (result.at_bound["alpha_n"].sum(), result.n_agree.argmin()),
            "Only `alpha_p` was asked for.",
        ),
        Mistake(
            "this is a share of the participants",
            lambda result: (result.at_bound["alpha_p"].mean(), result.n_agree.argmin()),
            "How many was asked for.",
        ),
        Mistake(
            "those that are not at a bound are counted",
            lambda result: ((~result.at_bound["alpha_p"]).sum(), result.n_agree.argmin()),
            "True stands for an estimate that is at a bound.",
        ),
        Mistake(
            "the two numbers are swapped",
            lambda result: _read(result)[::-1],
            "How many are at a bound comes first.",
        ),
    ),
)

# 9.3: the logarithm of a prior.


def _log_densities(priors, params):
    return jnp.stack([prior.log_prob(params[name]) for name, prior in priors.items()])


def _log_prior(priors, params):
    return _log_densities(priors, params).sum(axis=0)


def _prior_cases():
    import numpyro.distributions as dist

    one = {"alpha": dist.Beta(3.0, 2.0), "temperature": dist.LogNormal(-1.0, 0.5)}
    other = {"alpha": dist.Beta(2.0, 4.0), "stickiness": dist.Normal(0.0, 1.5), "lapse": dist.Beta(1.5, 9.0)}
    return [
        (one, {"alpha": jnp.array([0.2, 0.7, 0.95]), "temperature": jnp.array([0.1, 0.4, 2.0])}),
        (
            other,
            {
                "alpha": jnp.array([0.35, 0.6]),
                "stickiness": jnp.array([-0.8, 2.5]),
                "lapse": jnp.array([0.05, 0.3]),
            },
        ),
    ]


LOG_PRIOR = Exercise(
    number="9.3",
    reference=_log_prior,
    cases=_prior_cases,
    hint="Start from 0 and add the log-density of each parameter.",
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "this is the prior, not its logarithm",
            lambda priors, params: jnp.exp(_log_prior(priors, params)),
            "log_prob is a logarithm already.",
        ),
        Mistake(
            "densities are summed, not their logarithms",
            lambda priors, params: jnp.exp(_log_densities(priors, params)).sum(axis=0),
            "log_prob is a logarithm already, and logarithms are to be summed.",
        ),
        Mistake(
            "log-densities are multiplied",
            lambda priors, params: _log_densities(priors, params).prod(axis=0),
            "Densities are multiplied, so what of their logarithms?",
        ),
        Mistake(
            "this is the mean over parameters",
            lambda priors, params: _log_densities(priors, params).mean(axis=0),
            "The sum was asked for.",
        ),
        Mistake(
            "participants are summed, and parameters are not",
            lambda priors, params: _log_densities(priors, params).sum(axis=1),
            "One number per participant was asked for: look at the axis.",
        ),
        Mistake(
            "everything is summed into one number",
            lambda priors, params: _log_densities(priors, params).sum(),
            "One number per participant was asked for.",
        ),
        Mistake(
            "parameters and participants are both kept apart",
            _log_densities,
            "Sum over the parameters.",
        ),
        Mistake(
            "only the prior of `alpha` is there",
            lambda priors, params: priors["alpha"].log_prob(params["alpha"]),
            "Each parameter has a prior of its own.",
        ),
        Mistake(
            "the sign is wrong",
            lambda priors, params: -_log_prior(priors, params),
            "A fit adds this to the log-likelihood: what is probable is high.",
        ),
    ),
)

EXERCISES = (TRANSFORM, READ, LOG_PRIOR)
