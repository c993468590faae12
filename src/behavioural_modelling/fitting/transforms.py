r"""Transforms: from the real line, where a search may step anywhere, to the range of a parameter, and back.

A density changes with the coordinates it is written in: :math:`p(x) = p(y)\, |dy/dx|`. The logarithm of
the last factor is the transform's log-Jacobian. `fit` searches on the real line but maximises the density
of the natural parameters, so it adds no Jacobian; a sampler that draws on the real line must.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .. import _checks
from ..models import Parameter

__all__ = ["Transform", "between", "for_parameter", "positive", "real", "unit_interval"]


class Transform(NamedTuple):
    """A one-to-one function from the real line to a range, entry by entry.

    Attributes:
        to_range: From any real number to the range.
        to_real: From the range to the real line; its ends go to infinity.
        log_jacobian: At a real number, the logarithm of how steep `to_range` is there.
    """

    to_range: Callable[[ArrayLike], Float[Array, "..."]]
    to_real: Callable[[ArrayLike], Float[Array, "..."]]
    log_jacobian: Callable[[ArrayLike], Float[Array, "..."]]


def between(lower: float, upper: float) -> Transform:
    r"""To the range from `lower` to `upper`, of which either or both may be infinite.

    .. math::
        y = a + (b - a) \frac{1}{1 + e^{-x}}, \qquad y = a + e^x, \qquad y = b - e^x, \qquad y = x

    Args:
        lower: :math:`a`, the lower end.
        upper: :math:`b`, the upper end.

    Returns:
        The transform, the same object for the same arguments.

    Raises:
        ValueError: If `lower` is not below `upper`, or one of them is NaN.

    Example:
        >>> transform = between(0, 10)
        >>> float(transform.to_range(0.0)), float(transform.to_real(5.0))
        (5.0, 0.0)
    """
    if not lower < upper:
        _checks.fail("upper", f"a number above lower = {lower}", upper)
    return _between(float(lower), float(upper))


@cache
def _between(lower: float, upper: float) -> Transform:
    """One transform per range, so that programs which hold it are compiled once."""
    if math.isinf(lower) and math.isinf(upper):
        return Transform(jnp.asarray, jnp.asarray, jnp.zeros_like)
    if math.isinf(upper):
        return Transform(lambda x: lower + jnp.exp(x), lambda y: jnp.log(jnp.asarray(y) - lower), jnp.asarray)
    if math.isinf(lower):
        return Transform(lambda x: upper - jnp.exp(x), lambda y: jnp.log(upper - jnp.asarray(y)), jnp.asarray)
    width = upper - lower
    return Transform(
        lambda x: lower + width * jax.nn.sigmoid(x),
        lambda y: jnp.log(jnp.asarray(y) - lower) - jnp.log(upper - jnp.asarray(y)),
        lambda x: math.log(width) + jax.nn.log_sigmoid(x) + jax.nn.log_sigmoid(-jnp.asarray(x)),
    )


def unit_interval() -> Transform:
    """To the range from 0 to 1, as of a learning rate: the logistic function and the logit.

    Returns:
        `between(0, 1)`.
    """
    return between(0, 1)


def positive() -> Transform:
    """To the range above 0, as of a temperature: the exponential and the logarithm.

    Returns:
        `between(0, inf)`.
    """
    return between(0, math.inf)


def real() -> Transform:
    """To the whole real line: nothing changes.

    Returns:
        `between(-inf, inf)`.
    """
    return between(-math.inf, math.inf)


def for_parameter(parameter: Parameter) -> Transform:
    """To the range of a model's parameter.

    Args:
        parameter: One of a model's `parameters`.

    Returns:
        `between` its `lower` and its `upper`.

    Example:
        >>> from behavioural_modelling import models
        >>> alpha, temperature = models.rescorla_wagner(2).parameters
        >>> for_parameter(alpha) is unit_interval(), for_parameter(temperature) is positive()
        (True, True)
    """
    return between(parameter.lower, parameter.upper)
