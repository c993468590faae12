r"""A rating: one number on a continuous scale, such as how likely a shock is said to be."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from .. import _pickling
from .response import Response

__all__ = ["normal"]


def normal() -> Response:
    r"""A rating that is spread normally around its mean. The prediction is the pair `(mean, sd)`.

    .. math:: p(r) = \frac{1}{\sigma\sqrt{2\pi}} \exp\left(-\frac{(r - \mu)^2}{2\sigma^2}\right)

    `update` sees the rating itself, a number. A `Trace` tells `ratings`, and their `mean` and `sd`.

    Returns:
        The response, always the same object.

    Example:
        >>> print(f"{normal().log_prob((50.0, 10.0), 50.0):.4f}")
        -3.2215
    """
    return _normal()


@_pickling.cached
def _normal() -> Response:
    def log_prob(prediction, rating):
        mean, sd = prediction
        z = (rating - mean) / sd
        return -0.5 * z * z - jnp.log(sd) - 0.5 * math.log(2 * math.pi)

    def draw(prediction, uniforms):
        mean, sd = prediction
        # A uniform number may be 0, whose quantile is minus infinity.
        uniform = jnp.maximum(uniforms[0], jnp.finfo(uniforms.dtype).eps / 2)
        return mean + sd * jax.scipy.special.ndtri(uniform)

    def report(prediction):
        mean, sd = prediction
        return {"mean": mean, "sd": sd}

    return Response(log_prob, draw, 1, lambda rating: rating, ("ratings",), report=report)
