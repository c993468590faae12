"""How often each share of a Dirichlet distribution is the largest one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

__all__: list[str] = []

POINTS = 2001
"""Points of the integral: of each, the density's width has more than a hundred."""

LEFT_OUT = 1e-17
"""The probability that is left out at either end, which is below the rounding of the rest."""

LEAST = -700.0
"""The logarithm of about the smallest number that there is."""


def exceedance(alpha: Float[np.ndarray, "n_models"]) -> Float[np.ndarray, "n_models"]:
    r"""The probability of each share to be the largest, exact to about 12 digits.

    .. math:: P(k \text{ is largest}) = \int f(x; \alpha_k) \prod_{j \ne k} F(x; \alpha_j)\, dx

    Shares are gamma variables divided by their sum, so the largest share is the largest gamma variable;
    :math:`f` is the density of the one and :math:`F` the distribution function of another. Over the
    logarithm of x the integrand is smooth and dies away at both ends, where the trapezoid rule is about
    exact.
    """
    from scipy.special import gammainc

    alpha = np.asarray(alpha, float)
    found = np.empty_like(alpha)
    for k, own in enumerate(alpha):
        t, density = _log_gamma_density(own)
        others = gammainc(np.delete(alpha, k)[:, None], np.exp(t))
        found[k] = np.sum(density * others.prod(axis=0)) * (t[1] - t[0])
    return found / found.sum()


def _log_gamma_density(alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Points all over the logarithm of a gamma variable, and its density there."""
    from scipy.special import gammainccinv, gammaln

    # The lower tail of the distribution function is x^alpha / Gamma(alpha + 1), and never above it.
    low = max((np.log(LEFT_OUT) + gammaln(alpha + 1)) / alpha, LEAST)
    t = np.linspace(low, np.log(gammainccinv(alpha, LEFT_OUT)), POINTS)
    return t, np.exp(alpha * t - np.exp(t) - gammaln(alpha))
