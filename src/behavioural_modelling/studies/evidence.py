r"""The evidence for a model from a fit: how probable its choices are before the parameters are known."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from .. import _checks
from ..fitting import Fit

__all__ = ["Evidence", "log_evidence"]

METHODS = ("laplace", "bic")


class Evidence(NamedTuple):
    """The log evidence of each subject under one model. All arrays are NumPy's.

    Attributes:
        log_evidence: The log evidence, shape (n_subjects,). NaN where there is none.
        method: "laplace" or "bic".
        problem: Why there is none, or what makes it doubtful, in words, shape (n_subjects,). An empty string:
            nothing.
    """

    log_evidence: Float[np.ndarray, "n_subjects"]
    method: str
    problem: np.ndarray


def log_evidence(fit: Fit, method: str = "laplace") -> Evidence:
    r"""The log-probability of each subject's choices under a model, its parameters integrated out, roughly.

    .. math::
        \log p(y) = \log \int p(y \mid \theta)\, p(\theta)\, d\theta \approx
        \log p(y \mid \hat\theta) + \log p(\hat\theta) + \tfrac{k}{2} \log 2\pi + \tfrac12 \log |\Sigma|

    That is Laplace's approximation: the posterior is taken for a normal distribution around the MAP, with the
    covariance :math:`\Sigma` of the fit, both in the natural parameters. (`empirical_bayes` approximates on
    the line, which gives other numbers.) It needs proper priors for all parameters that were fitted. "bic"
    takes :math:`-\text{BIC} / 2`, which is rougher, and knows no priors.

    Laplace's approximation has no number for a subject with a parameter at a bound or of which the data say
    nothing, as there is no covariance. Such subjects have NaN, and the reason in `problem`. They are not
    given the BIC's, which is not comparable. Where an estimate is within a standard error of a bound, the
    normal distribution goes beyond it, the number can be off by several nats, and `problem` says "doubtful".
    A second maximum goes unnoticed.

    Args:
        fit: A fit with priors; for "bic" any fit.
        method: "laplace" or "bic".

    Returns:
        An `Evidence`. A dict from names of models to evidences is what `select_models` takes.

    Raises:
        ValueError: If `fit` is no `Fit`, or `method` none of the two; or for "laplace", if the fit had no
            priors.
            A fit with priors for some of its parameters is not told from one with priors for all.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model, task = bm.models.rescorla_wagner(2), bm.tasks.bandit(100, [0.8, 0.2])
        >>> trace = bm.simulate(jax.random.key(0), model, {"alpha": [0.2, 0.6], "temperature": 0.3}, task)
        >>> trials, priors = bm.Trials.from_trace(trace), bm.models.default_priors(model)
        >>> found = bm.log_evidence(bm.fit(jax.random.key(1), model, trials, priors))
        >>> found.log_evidence.shape, found.method
        ((2,), 'laplace')

    Source:
        Kass & Raftery (1995), doi 10.1080/01621459.1995.10476572.
    """
    if not isinstance(fit, Fit):
        _checks.fail("fit", "what `fit` returned", type(fit).__name__)
    if method not in METHODS:
        _checks.fail("method", "'laplace' or 'bic'", repr(method))
    if method == "bic":
        return _described(-fit.bic.astype(float) / 2, method, "no BIC", fit.problem)
    _check_priors(fit)
    return _described(_laplace(fit), method, _without(fit), _beyond(fit), fit.problem)


def _free(fit: Fit) -> np.ndarray:
    """Which parameters were fitted: the others have a range of one point."""
    return np.array([(ends[:, 0] < ends[:, 1]).any() for ends in fit.ranges.values()])


def _check_priors(fit: Fit) -> None:
    """Refuse a fit whose prior densities are all 1, unless they are those of uniform priors."""
    known = np.isfinite(fit.log_prob)
    flat = np.array_equal(fit.log_prob[known], fit.log_likelihood[known])
    widths = np.array([ends[:, 1] - ends[:, 0] for ends in fit.ranges.values()])[_free(fit)]
    if known.any() and flat and not np.allclose(widths.prod(axis=0), 1):
        received = "a maximum-likelihood fit (method='bic' needs no priors)"
        _checks.fail("fit", "a fit with priors for all of its parameters", received)


def _laplace(fit: Fit) -> np.ndarray:
    """Laplace's approximation; NaN without a covariance."""
    free = _free(fit)
    covariance = fit.covariance[:, free][:, :, free].astype(float)
    known = np.asarray(np.isfinite(covariance).all(axis=(1, 2)))
    n = int(free.sum())
    sign, log_volume = np.linalg.slogdet(np.where(known[:, None, None], covariance, np.eye(n)))
    found = fit.log_prob.astype(float) + n / 2 * np.log(2 * np.pi) + log_volume / 2
    return np.where(known & (sign > 0), found, np.nan)


def _without(fit: Fit) -> np.ndarray:
    """Why a subject has no covariance."""
    bounds = {name: x for name, x in fit.at_bound.items() if x.any()}
    lists = [[name for name, x in bounds.items() if x[i]] for i in range(len(fit.problem))]
    return np.array([f"{', '.join(names)} at a bound" if names else "no covariance" for names in lists])


def _beyond(fit: Fit) -> np.ndarray:
    """Where the normal distribution goes beyond the range: a parameter within a standard error of an end."""
    doubts = {}
    for name, y in fit.params.items():
        error, (lower, upper) = fit.standard_errors[name], fit.ranges[name].T
        doubts[name] = np.isfinite(error) & ((y - error < lower) | (y + error > upper))
    lists = [[name for name, x in doubts.items() if x[i]] for i in range(len(fit.problem))]
    return np.array([f"doubtful: {', '.join(names)} close to a bound" if names else "" for names in lists])


def _described(values: np.ndarray, method: str, reason: Any, *told: Any) -> Evidence:
    """The evidence, with the reason where there is none beside what else is to be said."""
    reasons = np.where(np.isnan(values), np.char.add("no evidence: ", reason), "")
    said = ["; ".join(str(text) for text in texts if text) for texts in zip(reasons, *told, strict=True)]
    return Evidence(values, method, np.array(said))
