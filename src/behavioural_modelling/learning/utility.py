r"""What outcomes and offers are felt to be worth: utilities."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import _checks
from .._types import Numbers

__all__ = ["prospect_utility"]


def prospect_utility(outcome: Numbers, shape: Numbers, loss_aversion: Numbers) -> Float[Array, "..."]:
    r"""The utility of an outcome: large ones count for less than their size, losses for more than gains.

    .. math::
        u(x) = \begin{cases} x^{s} & x \ge 0 \\ -\lambda\, |x|^{s} & x < 0 \end{cases}

    The utility of 0 is 0, whatever the shape. The slope there, which is infinite for a shape below 1, is
    taken as 0: an outcome of 0 says nothing of either parameter.

    Args:
        outcome: :math:`x`, any shape.
        shape: :math:`s \ge 0`. At 1 a utility is in proportion to the outcome, at 0 it knows its sign alone.
        loss_aversion: :math:`\lambda \ge 0`, how much a loss counts beside a gain of the same size.

    Returns:
        Utilities, of the shape that the three make together.

    Raises:
        ValueError: If an outcome is not finite, or `shape` or `loss_aversion` is negative or not finite.

    Example:
        >>> [round(float(u), 3) for u in prospect_utility([4.0, 0.0, -4.0], 0.5, 2.0)]
        [2.0, 0.0, -4.0]

    Source:
        Tversky & Kahneman (1992), doi 10.1007/BF00122574.
    """
    outcome = _checks.real_array("outcome", outcome)
    _checks.finite("outcome", outcome)
    shape, loss_aversion = _not_negative("shape", shape), _not_negative("loss_aversion", loss_aversion)
    nothing = outcome == 0
    # A logarithm of 0 would be no number times 0 in the slope, although it is not chosen.
    size = jnp.exp(shape * jnp.log(jnp.where(nothing, 1, jnp.abs(outcome))))
    return jnp.where(nothing, 0, jnp.where(outcome > 0, size, -loss_aversion * size))


def _not_negative(name: str, x: Any) -> Array:
    """A finite number of at least 0, or an array of them."""
    x = _checks.real_array(name, x)
    _checks.in_range(name, x, 0)
    return x
