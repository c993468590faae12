"""Newton's method for very many small problems at once, each with its own bounds.

A lane is one start of one subject. Its curvature is a matrix of a few numbers, so that the exact one can be
had in each step, and a step takes all lanes at once. Near a maximum every step doubles the right digits.

Three things keep a step from going astray. Where the function curves upwards along some direction, the step
goes by a curvature that is made downward (Gill, Murray & Wright, 1981, Practical Optimization, 4.4.2.2).
Damping shortens steps that do not keep their promise. And a coordinate at a bound stays there while the slope
points outwards (Bertsekas, 1982, doi 10.1137/0320018).

The curvature is factorised in plain arithmetic over lanes. A library call inside a program of which several
run side by side may wait for ever for the threads that the others hold (JAX 0.10 on the CPU).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .._types import AnyArray

__all__: list[str] = []

TOLERANCE = 1e-5
"""A lane is done when its next step promises less than this, in units of the function."""

LEAST_CURVATURE = 1e-3
"""Curvature below which the function counts as flat: a coordinate's, and a pivot's beside the others'."""

LEAST_DAMPING, MOST_DAMPING = 1e-7, 1e3

LONGEST = 2.0
"""The longest step, in units of a coordinate of the order of 1."""

NEAR = 6.0
"""A coordinate this close to its bound that still climbs towards it tries to jump there."""


class Climb(NamedTuple):
    """How far each lane has come.

    Attributes:
        x: Where it is.
        value: The function there; `nowhere` before it was first looked at.
        slope: Its first derivatives.
        curvature: Its second derivatives.
        damping: What is added to the curvature; grows when a step disappoints.
        move: The next step.
        promise: How much the next step would gain if the function were a parabola.
        done: Whether the promise is small, or no step helps.
    """

    x: Float[AnyArray, "n_coordinates n_lanes"]
    value: Float[AnyArray, "n_lanes"]
    slope: Float[AnyArray, "n_coordinates n_lanes"]
    curvature: Float[AnyArray, "n_coordinates n_coordinates n_lanes"]
    damping: Float[AnyArray, "n_lanes"]
    move: Float[AnyArray, "n_coordinates n_lanes"]
    promise: Float[AnyArray, "n_lanes"]
    done: Bool[AnyArray, "n_lanes"]


def nowhere(dtype: Any) -> float:
    """The value of a lane that has no number yet; finite, since JAX can be told to stop at infinite ones."""
    return float(np.finfo(dtype).min)


def start(x: Float[np.ndarray, "n_coordinates n_lanes"]) -> Climb:
    """Lanes at the foot, as NumPy arrays; the first step stays where it is, and looks at the function."""
    n, lanes = x.shape
    zeros, curvature = np.zeros(lanes, x.dtype), np.zeros((n, n, lanes), x.dtype)
    lowest = zeros + nowhere(x.dtype)
    return Climb(x, lowest, 0 * x, curvature, zeros + x.dtype.type(1e-2), 0 * x, -lowest, zeros > 0)


def climb(function: Callable, lower: AnyArray, upper: AnyArray, lanes: Climb, n_steps: int) -> Climb:
    """At most `n_steps` steps uphill, fewer when all lanes are done.

    Args:
        function: Of (n_coordinates, n_lanes); gives (n_lanes,), each from its own column alone.
        lower: The lower bounds, shape (n_coordinates, 1).
        upper: The upper bounds.
        lanes: Where they are.
        n_steps: How many steps.
    """

    def step(count, lanes):
        jumps = jnp.full(lanes.x.shape[1:], count == n_steps - 1)
        move = jnp.where(jumps, _jump(lanes, lower, upper), lanes.move)
        x = jnp.clip(lanes.x + move, lower, upper)
        value, *others = value_slope_curvature(function, x)
        usable = jnp.isfinite(value)
        for each in others:
            usable &= jnp.isfinite(each).all(axis=tuple(range(each.ndim - 1)))
        first = lanes.value <= nowhere(x.dtype)
        noise = 4 * jnp.finfo(x.dtype).eps * jnp.abs(value)
        better = usable & (first | (value >= lanes.value - noise)) & ~lanes.done
        damping = _damping(lanes, x - lanes.x, value, better)
        damping = jnp.where(jumps | first | lanes.done, lanes.damping, damping)
        new = lanes._replace(x=x, value=value, slope=others[0], curvature=others[1])
        lanes = jax.tree.map(lambda new, old: jnp.where(better, new, old), new, lanes)
        lanes = lanes._replace(damping=damping)
        move, promise = _step(lanes, lower, upper)
        lanes = lanes._replace(move=move, promise=promise)
        done = (lanes.promise < TOLERANCE) | (first & ~usable) | (damping > MOST_DAMPING)
        return count + 1, lanes._replace(done=lanes.done | done)

    def going_on(count, lanes):
        return (count < n_steps) & ~lanes.done.all()

    return jax.lax.while_loop(lambda at: going_on(*at), lambda at: step(*at), (0, lanes))[1]


def value_slope_curvature(function: Callable, x: Array) -> tuple[Array, Array, Array]:
    """A function of each column of `x`, with its first and second derivatives.

    A column moves its own value alone: so one direction for each coordinate, in which it moves by 1 in all
    columns, gives all slopes, and a second direction for each gives all curvatures.
    """
    units = jnp.broadcast_to(jnp.eye(len(x), dtype=x.dtype)[..., None], (len(x), *x.shape))

    def with_slope(x):
        along = lambda unit: jax.jvp(function, (x,), (unit,))  # noqa: E731
        return jax.vmap(along, out_axes=(None, 0))(units)

    along = lambda unit: jax.jvp(with_slope, (x,), (unit,))  # noqa: E731
    (value, slope), (_, curvature) = jax.vmap(along, out_axes=((None, None), (0, 0)))(units)
    return value, slope, curvature


def _step(lanes: Climb, lower: AnyArray, upper: AnyArray) -> tuple[Array, Array]:
    """The damped Newton step, and what the undamped one promises."""
    held = ((lanes.x <= lower) & (lanes.slope <= 0)) | ((lanes.x >= upper) & (lanes.slope >= 0))
    slope = jnp.where(held, 0, lanes.slope)
    diagonal = jnp.abs(jnp.einsum("iil->il", lanes.curvature))
    # Coordinates in units of their own curvature, or the eigenvalues would compare metres with seconds.
    scale = 1 / jnp.sqrt(jnp.maximum(diagonal, LEAST_CURVATURE))
    scaled = -lanes.curvature * scale * scale[:, None]
    eye = jnp.eye(len(scale), dtype=scaled.dtype)[..., None]
    scaled = jnp.where(held | held[:, None], eye, scaled)
    damped = jnp.stack([scaled, scaled + lanes.damping * eye], axis=-1)
    solved, size = _solve(damped, (slope * scale)[..., None])
    move = solved[..., 1] * scale
    longest = (jnp.abs(move) / jnp.maximum(LONGEST, jnp.abs(lanes.x))).max(axis=0)
    return move / jnp.maximum(longest, 1), size[..., 0] / 2


def _solve(matrix: Array, pull: Array) -> tuple[Array, Array]:
    """Solve `matrix @ move = pull` in every lane, the matrix made positive; the moves and `pull @ move`.

    The pivots of the factorisation L D L' are made positive, and large enough that no entry of L runs away.
    A matrix that is positive by itself stays as it is. All arrays have the lanes last.
    """
    n = len(matrix)
    apart = 1 - jnp.eye(n, dtype=matrix.dtype).reshape(n, n, *[1] * (matrix.ndim - 2))
    widest = jnp.maximum(1, jnp.abs(matrix * apart).max(axis=(0, 1)) / max(1, n * n - 1) ** 0.5)
    columns, pivots, left = [], [], jnp.broadcast_to(pull, (n, *matrix.shape[2:]))
    for j in range(n):
        below = matrix[:, j] * (jnp.arange(n) > j).reshape(n, *[1] * (matrix.ndim - 2))
        pivot = jnp.maximum(jnp.abs(matrix[j, j]), jnp.square(below).max(axis=0) / widest)
        pivots.append(jnp.maximum(pivot, LEAST_CURVATURE))
        columns.append(below / pivots[j])
        matrix = matrix - columns[j][:, None] * below
        left = left - columns[j] * left[j]
    pivots = jnp.stack(pivots)
    size, move = (jnp.square(left) / pivots).sum(axis=0), list(left / pivots)
    for j in reversed(range(n - 1)):
        move[j] -= sum(columns[j][i] * move[i] for i in range(j + 1, n))
    return jnp.stack(move), size


def _jump(lanes: Climb, lower: AnyArray, upper: AnyArray) -> Array:
    """The way to the bounds that are near and uphill, which Newton's steps would reach in many small ones."""
    to_lower, to_upper = lower - lanes.x, upper - lanes.x
    move = jnp.where((to_upper < NEAR) & (lanes.slope > 0), to_upper, 0)
    return jnp.where((-to_lower < NEAR) & (lanes.slope < 0), to_lower, move)


def _damping(lanes: Climb, moved: Array, value: Array, better: Array) -> Array:
    """Less damping after a step that kept its promise, more after one that did not."""
    promised = (moved * (lanes.slope + jnp.einsum("ijl,jl->il", lanes.curvature, moved) / 2)).sum(axis=0)
    gained = value - lanes.value
    factor = jnp.where(gained > 0.7 * promised, 1 / 8, jnp.where(gained < 0.2 * promised, 4, 1))
    return jnp.maximum(lanes.damping * jnp.where(better, factor, 8), LEAST_DAMPING)
