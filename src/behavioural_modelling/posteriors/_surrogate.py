r"""The group under the sites: with normal stand-ins for the likelihoods, people are summed out exactly.

.. math:: \log p(\text{group}) + \sum_i \left[ -\tfrac12 \log|Q_i| + \tfrac12 w_i'w_i + \eta_i' m_i -
\tfrac12 m_i'\Lambda_i m_i \right]
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._compute import placement
from .._compute.compiling import quickest_jit
from .._compute.layout import apart, laid_out
from .._types import AnyArray
from . import _lanes, _population, _target
from ._population import Form, Given
from ._target import Frame, Sites

__all__: list[str] = []

STEP = 0.05
"""How far slopes are compared, in coordinates that beforehand are about standard normal."""

LEAST = 0.5
"""The least curvature that is believed: beforehand it is about 1."""

FARTHEST = 1.0
"""The longest step of Newton's method, by coordinate."""


def frame(form: Form, given: Given, sites: Sites, start: AnyArray, n_steps: int = 30) -> Frame:
    """The highest point of the group's density under the sites, and the width there."""
    if not form.hierarchical:
        return nowhere(form, start.dtype)
    x = np.asarray(start, float)
    for _ in range(n_steps):
        value, slope, curvature = _looked_at(form, given, sites, x)
        vectors, sizes = _sound(curvature)
        move = vectors @ ((vectors.T @ slope) / sizes)
        if float(slope @ move) < 1e-3:
            break
        move = move * min(1.0, FARTHEST / np.abs(move).max())
        x, share = _downhill(form, given, sites, x, value, move)
        if share < 1e-3:
            break
    _, _, curvature = _looked_at(form, given, sites, x)
    vectors, sizes = _sound(curvature)
    dtype = start.dtype
    return Frame(x.astype(dtype), (vectors / np.sqrt(sizes) @ vectors.T).astype(dtype))


def nowhere(form: Form, dtype: Any) -> Frame:
    """The middle of what is known beforehand."""
    return Frame(np.zeros(form.n_group, dtype), np.eye(form.n_group, dtype=dtype))


def _downhill(form, given, sites, x, value, move):
    """The longest of some shortened steps that gains, and how much it was shortened."""
    shares = 0.5 ** np.arange(12)
    there = (x + shares[:, None] * move).astype(given.spread_scale.dtype)
    # In one call of the size that the slopes need, filled up: a second size would be compiled anew.
    filled = np.resize(there, (_n_looks(form), there.shape[1]))
    if len(filled) < len(shares):
        filled, shares = there[: len(filled)], shares[: len(filled)]
    values = np.asarray(log_density(filled, given, sites, form)[0])[: len(shares)]
    good = np.flatnonzero(np.isfinite(values) & (values >= value - 1e-4 * max(1.0, abs(value)) * 1e-2))
    if not len(good):
        return x, 0.0
    return x + shares[good[0]] * move, shares[good[0]]


def _n_looks(form: Form) -> int:
    return 2 * form.n_group + 1


def _looked_at(form: Form, given: Given, sites: Sites, x: np.ndarray):
    """Value, slope, and curvature from differences of slopes."""
    n, dtype = form.n_group, given.spread_scale.dtype
    moves = STEP * np.concatenate([np.zeros((1, n)), np.eye(n), -np.eye(n)])
    value, slope = map(np.asarray, log_density((x + moves).astype(dtype), given, sites, form))
    curvature = -(slope[1 : n + 1] - slope[n + 1 :]).astype(float) / (2 * STEP)
    curvature = np.where(np.isfinite(curvature), curvature, 0)
    return float(value[0]), np.nan_to_num(slope[0].astype(float)), (curvature + curvature.T) / 2


def _sound(curvature: np.ndarray):
    """Its axes, and its sizes along them, none of them too small to be believed."""
    sizes, vectors = np.linalg.eigh(curvature)
    return vectors, np.clip(np.abs(sizes), LEAST, None)


@partial(quickest_jit, static_argnames=("form",))
def log_density(x: Float[Array, "n_points n_group"], given: Given, sites: Sites, form: Form) -> Any:
    """The group's log-density under the sites at some points, and its slopes."""

    def summed(x):
        value = _log_density(form, given, sites, x)
        return value.sum(), value

    (_, value), slope = laid_out(placement.has_one_cpu(), jax.value_and_grad(summed, has_aux=True))(x)
    return value, slope


def _log_density(form, given, sites, x):
    group = jax.tree.map(apart, _population.group_of(form, given, x))
    there = _target.conditional(form, given, sites, group)
    told, shift = jnp.asarray(sites.precision)[:, :, None], jnp.asarray(sites.shift)[:, None]
    height = there.mean * (shift - _lanes.times(told, there.mean) / 2) + jnp.square(there.shifted) / 2
    people = height.sum(axis=0) - _lanes.log_determinant(there.lower)
    return _population.log_prior(form, given, x, group) + people.sum(axis=1)
