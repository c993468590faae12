"""From where the search ended to what is reported: estimates, their errors, and what went wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _search, transforms
from ._newton import TOLERANCE
from .likelihood import log_likelihood
from .models import Model
from .trials import Trials

__all__: list[str] = []

CONVERGED = 1e-3
"""A fit has converged when one more step promises less than this, in units of log-probability."""

AGREE = 0.01
"""Two starts agree when they end within this of each other, in units of log-probability."""

FLAT = 1e-3
"""Curvature, per squared unit of a logit or a logarithm, below which the data say nothing of a parameter."""

NO_TRIAL = "no scored trial"
NOT_A_NUMBER = "the log-probability is not a number"
NOT_CONVERGED = "not converged"
NO_ERRORS = "no standard errors: the curvature is not that of a maximum"


def described(model: Model, trials: Trials, priors: dict[str, Any], found: _search.Found) -> dict[str, Any]:
    """The fields of a `Fit`: what the best start of each subject says, and how the others compare with it."""
    where = _search.ranges(model, priors)
    values = np.where(np.isfinite(found.value), found.value, -np.inf)
    best = values.argmax(axis=1)
    at = _search.Found(*(np.take_along_axis(a, _fit_axes(best, a.ndim), axis=-1)[..., 0] for a in found))
    lower, upper = _search.search_bounds(where, at.x.dtype)
    ends = np.where(at.x <= lower, -1, np.where(at.x >= upper, 1, 0))
    params, scored = _reported(model, trials, priors, where, at.x, ends)
    covariance, flat = _covariance(at, where, ends != 0)

    n_trials = _count_scored(trials)
    unknown = (n_trials == 0) | np.isneginf(values).all(axis=1)
    problem = _problems(where, n_trials, unknown, at.promise, flat, covariance, ends)
    blank = lambda a: np.where(unknown.reshape(-1, *[1] * (a.ndim - 1)), np.nan, a)  # noqa: E731
    standard_errors = np.sqrt(np.einsum("skk->ks", covariance))
    agree = (values >= values.max(axis=1, keepdims=True) - AGREE).sum(axis=1)
    return {
        "params": {name: blank(x) for name, x in params.items()},
        "log_likelihood": np.where((n_trials > 0) & unknown, np.nan, scored),
        "log_prob": blank(scored + np.asarray(_search.log_prior(priors, params))),
        "standard_errors": {name: blank(x) for (name, _), x in zip(where, standard_errors, strict=True)},
        "covariance": blank(covariance),
        "converged": (at.promise < CONVERGED) & ~unknown,
        "at_bound": {name: (end != 0) & ~unknown for (name, _), end in zip(where, ends, strict=True)},
        "gradient_norm": blank(np.linalg.norm(np.where(ends, 0, at.slope), axis=0)),
        "n_agree": np.where(unknown, 0, agree),
        "start_log_prob": blank(found.value),
        "n_trials": n_trials,
        "problem": problem,
    }


def _fit_axes(best: np.ndarray, n_axes: int) -> np.ndarray:
    """The number of each subject's best start, with axes to stand beside an array whose last are both."""
    return best.reshape(*[1] * (n_axes - 2), -1, 1)


def _count_scored(trials: Trials) -> np.ndarray:
    """How many trials of each subject count."""
    n_subjects, n_trials = trials.choices.shape
    return np.full(n_subjects, n_trials) if trials.mask is None else np.asarray(trials.mask).sum(axis=1)


def _reported(model, trials, priors, where, x, ends):
    """Natural parameters, each put on a bound that it came to, and the log-likelihood under them."""
    params = {name: np.asarray(value) for name, value in _search.natural(x, where).items()}

    def score(params):
        likelihood = log_likelihood(model, params, trials)
        return np.asarray(likelihood), np.asarray(_search.log_prior(priors, params))

    scored, prior = score(params)
    for parameter, (name, limits), end in zip(model.parameters, where, ends, strict=True):
        limit = np.where(end < 0, *limits)
        excluded = parameter.above & (limit == parameter.lower)
        on_it = params | {name: np.where((end != 0) & np.isfinite(limit) & ~excluded, limit, params[name])}
        on_it[name] = on_it[name].astype(params[name].dtype)
        scored_on_it, prior_on_it = score(on_it)
        # Right at a bound a model may leave a choice no chance at all, or a prior the bound itself.
        better = scored_on_it + prior_on_it >= scored + prior - TOLERANCE
        params[name] = np.where(better, on_it[name], params[name])
        scored = np.where(better, scored_on_it, scored)
        prior = np.where(better, prior_on_it, prior)
    return params, scored


def _covariance(at, where, at_bound):
    """The inverse of the curvature in natural parameters, shape (n_subjects, n, n), and what is flat.

    The slope is 0 at a maximum, so the curvature needs only the transform's own slope. A parameter at a
    bound is held fixed, and has no error.
    """
    slope = [
        np.exp(transforms.between(*ends).log_jacobian(x)) for x, (_, ends) in zip(at.x, where, strict=True)
    ]
    n = len(where)
    information = -np.moveaxis(at.curvature, -1, 0).astype(float)
    flat = (np.einsum("skk->ks", information) < FLAT) & ~at_bound
    left_out = (at_bound | flat).T
    information[left_out[:, :, None] | left_out[:, None, :]] = 0
    information[:, range(n), range(n)] += left_out
    size = np.linalg.eigvalsh(np.where(np.isfinite(information), information, 0)).min(axis=1)
    usable = size > 0
    inverse = np.linalg.inv(np.where(usable[:, None, None], information, np.eye(n)))
    # A curvature that is all but flat along a ridge may be inverted to a negative variance.
    usable &= (np.einsum("skk->sk", inverse) > 0).all(axis=1)
    unknown = left_out[:, :, None] | left_out[:, None, :] | ~usable[:, None, None]
    slope = np.stack(slope, axis=-1).astype(float)
    covariance = inverse * slope[:, :, None] * slope[:, None, :]
    return np.where(unknown, np.nan, covariance).astype(at.x.dtype), flat


def _problems(where, n_trials, unknown, promise, flat, covariance, ends):
    """What went wrong with each subject, in a few words; nothing where all is well."""
    names = np.array([name for name, _ in where])
    said = []
    for i in range(len(n_trials)):
        free = (ends[:, i] == 0) & ~flat[:, i]
        no_errors = np.isnan(np.diagonal(covariance[i])[free]).any()
        reasons = [
            *([NO_TRIAL] if n_trials[i] == 0 else [NOT_A_NUMBER] if unknown[i] else []),
            *([NOT_CONVERGED] if not promise[i] < CONVERGED else []),
            *([f"flat in {', '.join(names[flat[:, i]])}"] if flat[:, i].any() else []),
            *([NO_ERRORS] if no_errors else []),
        ]
        said.append(reasons[0] if unknown[i] else "; ".join(reasons))
    return np.array(said)
