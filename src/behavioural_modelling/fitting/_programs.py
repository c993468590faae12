"""The compiled programs of the search: each takes the numbers of one block of lanes, which come last."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr
from jaxtyping import Array

from .._door import Spec
from .._play import Row, play_trial
from .._scoring import scorer
from ..models import Model, Trial
from . import _newton, transforms
from ._space import INTERVAL, bounds, from_natural, natural

__all__: list[str] = []

START_WIDTH = 9.21
"""Starts between two bounds are even on the logit over this width: from .01 to .99 of the way."""

WIDEST = 50.0
"""How far the quantiles of a prior are looked for, on a logit, a logarithm, or the line in thousands."""

LIBRARY = {
    "cholesky",
    "lu",
    "eigh",
    "eig",
    "svd",
    "qr",
    "geqrf",
    "geqp3",
    "householder",
    "schur",
    "hessenberg",
}
LIBRARY |= {"tridiagonal", "triangular", "fft", "ffi", "callback"}
"""Words in the names of what JAX leaves to a library or to Python."""

MADE_FOR = ("model", "axes", "on_cpu")
"""What a program is made for, and is compiled anew for: see `_search.Task.of_subjects`."""


@partial(jax.jit, static_argnames=MADE_FOR)
def starts(uniforms, numbers, model, axes, on_cpu):
    """Where some lanes start, shape (n_parameters, n_lanes): the best of a few draws.

    `uniforms` are random numbers in [0, 1), shape (n_draws, n_parameters, n_lanes).
    """
    dtype = uniforms.dtype
    log_prob = _log_prob(numbers, model, axes, on_cpu, dtype)
    quantiles = [_quantile(numbers, axis, k, dtype) for k, axis in enumerate(axes)]

    def look(best, uniform):
        x = jnp.stack([quantile(u) for quantile, u in zip(quantiles, uniform, strict=True)])
        value = log_prob(x)
        better = value > best[1]  # which nothing is to a NaN, and a NaN is to nothing
        return jax.tree.map(lambda new, old: jnp.where(better, new, old), (x, value), best), None

    # Zero is the middle of a logit and of a logarithm, for lanes of which no draw gives a number.
    n_lanes = uniforms.shape[-1]
    nothing = jnp.zeros((len(axes), n_lanes), dtype), jnp.full(n_lanes, _newton.nowhere(dtype), dtype)
    return jax.lax.scan(look, nothing, uniforms)[0][0]


@partial(jax.jit, static_argnames=(*MADE_FOR, "n_steps"))
def climb(lanes, numbers, model, axes, on_cpu, n_steps):
    """Some steps of Newton's method for some lanes."""
    log_prob = _log_prob(numbers, model, axes, on_cpu, lanes.x.dtype)
    return _newton.climb(log_prob, *bounds(axes, lanes.x.dtype), lanes, n_steps)


@partial(jax.jit, static_argnames=MADE_FOR)
def values(x, numbers, model, axes, on_cpu):
    """The log-probability at the coordinates `x`, shape (n_parameters, n_lanes)."""
    return _log_prob(numbers, model, axes, on_cpu, x.dtype)(x)


def _log_prob(numbers, model, axes, on_cpu, dtype):
    """The function of coordinates that is to be as high as can be."""
    data, place, fixed, priors = numbers

    score = scorer(model, dtype, on_cpu, *data)

    def log_prob(x):
        params = natural(x, axes, place) | fixed
        return score(params) + log_prior(priors, params).astype(dtype)

    return log_prob


def log_prior(priors: dict[str, Any], params: Mapping[str, Array | np.ndarray]) -> Array:
    """The sum of the log-densities of the parameters that have a prior."""
    terms = [prior.log_prob(params[name]) for name, prior in priors.items()]
    return sum(terms, start=jnp.zeros(()))


def _quantile(numbers, axis, k, dtype):
    """The function from shares in [0, 1) to one parameter's starts, in its coordinate."""
    _, place, _, priors = numbers
    if axis.name not in priors:
        if axis.kind == INTERVAL:
            return lambda u: START_WIDTH * (u - 0.5)
        return lambda u: 1.5 * jnp.clip(jax.scipy.special.ndtri(u), -3, 3)
    lower, upper = axis.ends
    grid, below = _summed_up(priors[axis.name], lower, upper, dtype)
    edge = bounds((axis,), dtype)[1][0, 0]

    def quantile(u):
        y = jnp.interp(u, below, grid)
        return jnp.clip(from_natural(axis.kind, y, *(a[k] for a in place)), -edge, edge).astype(dtype)

    return quantile


def _summed_up(prior, lower, upper, dtype):
    """Natural values, and the probability below each. To draw would take a program for each distribution."""
    transform = transforms.between(lower, upper)
    line = np.isinf(lower) and np.isinf(upper)
    reach = np.arcsinh(1e3 * WIDEST if line else WIDEST)
    steps = jnp.linspace(-reach, reach, 2001, dtype=dtype)
    x = jnp.sinh(steps)
    density = prior.log_prob(transform.to_range(x)) + transform.log_jacobian(x)
    density = density + jnp.log(jnp.cosh(steps))  # where the grid is coarse, a point stands for more
    density = jnp.where(jnp.isfinite(density), density, -jnp.inf)
    return transform.to_range(x), jnp.cumsum(jax.nn.softmax(density))


@cache
def calls_a_library(model: Model, spec: Spec, precision: bool) -> bool:
    """Whether one trial of the model is more than plain arithmetic; `precision` keeps the two apart."""
    params = {parameter.name: 0.5 for parameter in model.parameters}
    outcome, available, inputs = jax.tree.map(
        lambda x: jnp.ones(x.shape, x.dtype), spec.tree.unflatten(spec.leaves)
    )
    uniforms = jnp.full(model.response.n_uniforms, 0.5)

    def one_trial():
        row = Row(Trial(inputs, available), None, None)
        draw = lambda prediction: model.response.draw(prediction, uniforms)  # noqa: E731
        played = play_trial(model, params, model.init(params), row, draw, lambda _: (outcome, ()), float)
        return played, model.response.log_prob(played.prediction, played.response)

    names = _primitives(jax.make_jaxpr(one_trial)())
    return any(LIBRARY & set(name.split("_")) for name in names)


def _primitives(jaxpr):
    """The names of all that a program does, at any depth."""
    jaxpr = jaxpr.jaxpr if isinstance(jaxpr, ClosedJaxpr) else jaxpr
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for inner in jax.tree.leaves(tuple(equation.params.values()), is_leaf=_is_program):
            if _is_program(inner):
                yield from _primitives(inner)


def _is_program(x):
    return isinstance(x, (ClosedJaxpr, Jaxpr))
