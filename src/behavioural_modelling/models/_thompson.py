"""Thompson sampling without sampling: how probably each of several normal draws is the largest.

For two actions it is one normal distribution function. For more it is an integral over where the largest draw
lies, of one action's density and the others' distribution functions. All are smooth between points that
follow from the means and the standard deviations, so the line is cut there, and each piece gets a few
Gauss-Legendre nodes. Log-probabilities above -30 are right to 1e-5, with standard deviations up to 50 times
each other.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from jaxtyping import Array, Bool, Float

from .._compute import rows

__all__: list[str] = []

CUTS = np.array([-5.0, -2.0, 2.0, 5.0])
"""Where the line is cut around the mean of each action, in its standard deviations."""

PEAK_CUTS = np.array([-4.0, -1.0, 1.0, 4.0])
"""Where it is cut around the point at which an action is the best most easily."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(5)

FARTHEST = 1e3
"""The most standard deviations that a node counts as being away: nothing is left beyond, in any precision."""


def log_probability_best(
    mean: Float[Array, "n_actions"],
    sd: Float[Array, "n_actions"],
    available: Bool[Array, "n_actions"] | None = None,
) -> Float[Array, "n_actions"]:
    """The log-probability that each action's draw is the largest, among the available ones; sds above 0."""
    if mean.shape[-1] == 2:
        gap = (mean[0] - mean[1]) / jnp.hypot(sd[0], sd[1])
        return log_ndtr(jnp.stack([gap, -gap]))
    mean = mean - rows.row_max(mean)  # which keeps digits where all are large
    node, log_weight = jax.lax.stop_gradient(_nodes(mean, sd))
    z = jnp.clip((node[:, None] - mean) / sd, -FARTHEST, FARTHEST)
    below = log_ndtr(z)
    if available is not None:
        below = jnp.where(available, below, 0)  # what is not on offer is no rival
    density = -0.5 * z**2 - jnp.log(sd) - 0.5 * math.log(2 * math.pi)
    others = rows.row_sum(below) - below
    return jax.scipy.special.logsumexp(others + density + log_weight[:, None], axis=0)


def _nodes(mean: Array, sd: Array) -> tuple[Array, Array]:
    """Where the integrands are looked at, and the logarithms of the weights there."""
    around = [(mean, CUTS), (_peaks(mean, sd), PEAK_CUTS)]
    cuts = [(x[:, None] + sd[:, None] * jnp.asarray(at, x.dtype)).ravel() for x, at in around]
    cuts = jnp.sort(jnp.concatenate(cuts))
    middle, half = (cuts[1:] + cuts[:-1]) / 2, (cuts[1:] - cuts[:-1]) / 2
    node = middle[:, None] + half[:, None] * jnp.asarray(NODES, half.dtype)
    weight = half[:, None] * jnp.asarray(WEIGHTS, half.dtype)
    empty = weight <= 0
    return node.ravel(), jnp.where(empty, -jnp.inf, jnp.log(jnp.where(empty, 1, weight))).ravel()


def _peaks(mean: Array, sd: Array) -> Array:
    """About where each action's draw lies if it is the best: as far up as its hardest rival asks."""
    variance = sd[:, None] ** 2
    behind = (mean - mean[:, None]) * variance / (variance + sd**2)
    return mean + jnp.maximum(behind.max(axis=1), 0)
