"""Leave-one-out and WAIC from log-likelihoods at draws of a posterior."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..posteriors._pareto import array_stats

__all__: list[str] = []

HIGH = 0.7
"""Above this Pareto k more draws hardly help: they do not tell what is left without the point."""


class Accuracy(NamedTuple):
    """How well each point is predicted, shape (n_points,): see `Loo`."""

    elpd: Float[np.ndarray, "n_points"]
    p: Float[np.ndarray, "n_points"]
    pareto_k: Float[np.ndarray, "n_points"]
    elpd_waic: Float[np.ndarray, "n_points"]
    p_waic: Float[np.ndarray, "n_points"]
    good_k: float


def good_k(n_draws: int) -> float:
    """The highest Pareto k with which so many draws will do: the fewer there are, the lower.

    1 - 1 / log10(S), and at most 0.7: Vehtari et al. (2024), arXiv 1507.02646.
    """
    return min(1 - 1 / float(np.log10(n_draws)), HIGH)


def accuracy(log_likelihood: Float[np.ndarray, "n_draws n_points"]) -> Accuracy:
    """Leave-one-out by Pareto-smoothed importance sampling, and WAIC.

    A point of which every draw says the same (a choice among one) tells nothing, and nothing can go wrong
    with it.
    """
    from scipy.special import logsumexp

    log_likelihood = log_likelihood.astype(float)
    within = logsumexp(log_likelihood, axis=0) - np.log(len(log_likelihood))
    varies = np.ptp(log_likelihood, axis=0) > 0
    elpd, pareto_k = within.copy(), np.zeros(len(within))
    some = log_likelihood[:, varies].T
    if len(some):
        with np.errstate(divide="ignore", invalid="ignore"):  # of draws that are there many times over
            weights, k = array_stats().psislw(some, axis=-1)
        smooth = np.isfinite(weights).all(axis=-1) & ~np.isnan(k)
        plain = -some - logsumexp(-some, axis=-1, keepdims=True)
        elpd[varies] = logsumexp(np.where(smooth[:, None], weights, plain) + some, axis=-1)
        pareto_k[varies] = np.where(smooth, k, np.inf)
    p_waic = np.where(varies, log_likelihood.var(axis=0, ddof=1), 0.0)
    return Accuracy(elpd, within - elpd, pareto_k, within - p_waic, p_waic, good_k(len(log_likelihood)))
