r"""The real line that people's parameters are normal on, and the way back to natural values.

A parameter with two bounds goes by the normal quantile of its share of the range (probit), one with a lower
bound by the logarithm, one without bounds by itself. What has the unit of the outcomes is counted in their
range.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Float

from ..fitting import _space
from ..fitting._space import ABOVE, BELOW, INTERVAL, LINE

__all__: list[str] = []

HALF_LOG_2PI = 0.9189385332046727


class Places(NamedTuple):
    """Where each parameter lies, shape (n_parameters,): its ends and its unit, the same for all subjects."""

    lower: Float[np.ndarray, "n_parameters"]
    upper: Float[np.ndarray, "n_parameters"]
    scale: Float[np.ndarray, "n_parameters"]


@jax.custom_jvp
def normal_share(x: Array) -> Array:
    """The distribution function of a standard normal, whose slope is given: that of a series takes long."""
    return jax.lax.erfc(-jnp.asarray(x) * 0.5**0.5) / 2


@normal_share.defjvp
def _normal_share_and_slope(primals, tangents):
    (x,), (move,) = primals, tangents
    return normal_share(x), jnp.exp(-jnp.square(x) / 2 - HALF_LOG_2PI) * move


def to_natural(kind: str, line: Any, lower: Any, upper: Any, scale: Any) -> Array:
    """Natural values of a parameter from where it is on the line."""
    if kind == INTERVAL:
        return lower + (upper - lower) * normal_share(line)
    return _space.to_natural(kind, line, lower, upper, scale)


def log_slope(kind: str, line: Any, lower: Any, upper: Any, scale: Any) -> Array:
    """The logarithm of how much the natural value changes per unit of the line."""
    if kind == INTERVAL:
        return jnp.log(upper - lower) - jnp.square(line) / 2 - HALF_LOG_2PI
    return jnp.log(scale) + (jnp.zeros_like(line) if kind == LINE else line)


def to_line(kind: str, natural: Any, lower: Any, upper: Any, scale: Any, by: Any = np) -> Any:
    """Where natural values are on the line; the ends are infinitely far. `by` is NumPy or JAX's NumPy."""
    if kind != INTERVAL:
        with np.errstate(divide="ignore"):
            return _space.from_natural(kind, natural, lower, upper, scale, by=by)
    from scipy.special import ndtri as host_ndtri

    return (host_ndtri if by is np else ndtri)((natural - lower) / (upper - lower))


def inside(kind: str, natural: Array, lower: Any, upper: Any) -> Array:
    """Natural values, kept off the ends of their range: there a density may be 0, and its slope no number."""
    info = jnp.finfo(natural.dtype)
    low, high = -info.max, info.max
    if kind in (INTERVAL, ABOVE):
        low = jnp.nextafter(jnp.asarray(lower, natural.dtype), jnp.inf) + info.tiny
    if kind in (INTERVAL, BELOW):
        high = jnp.nextafter(jnp.asarray(upper, natural.dtype), -jnp.inf) - info.tiny
    return jnp.clip(natural, low, high)
