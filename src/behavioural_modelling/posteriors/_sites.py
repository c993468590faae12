r"""A normal stand-in for each subject's likelihood: its site.

At some draws of what is believed so far the slope of each subject's log-likelihood is taken and regressed on
the parameters: of a normal likelihood the slope is :math:`\eta - \Lambda\theta`, and of any other the line
through its slopes says what a normal distribution would have to be where the posterior is. A second
derivative at one point would say less: it knows nothing of a ridge beyond that point. The draws count by how
probable they are under the posterior, but never so unequally that few of them count.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._compute.compiling import quick_jit, quickest_jit
from . import _population, _surrogate, _target
from ._population import Form, Given
from ._target import Frame, Sites, Target

__all__: list[str] = []

DRAWS, PASSES, NEW = 64, 8, 0.5
"""Draws per subject and pass, passes, and which share of what a pass finds is taken into the sites. All of it
would be too much where people have ridges: wide sites make for a wide group, and that for wider sites."""

ROWS_PER_BLOCK = 32
"""So many rows are looked at at once, whatever their number, so the program is compiled once."""

COUNTING = 0.3
"""At least such a share of the draws counts: weights are flattened until it does."""


def found(target: Target, given: Given, data: Any, fixed: Any, key: Array, run: Any) -> tuple[Sites, Frame]:
    """Sites and the group's frame, after some passes; each begins from what the last one found.

    `run` maps a function over blocks of rows, on as many threads as may run.
    """
    form, n_rows = target.form, len(given.person)
    n_people, n = len(given.covariates), len(form.latents)
    dtype = given.spread_scale.dtype
    normal = _normal_points(key, len(form.names))
    sites = nothing(n, n_people, dtype)
    frame = _surrogate.frame(form, given, sites, np.zeros(form.n_group, dtype))
    for i in range(PASSES):
        prior, posterior = _believed(form, given, sites, frame)
        draws = _drawn(posterior, normal)
        log_likelihood, slope = run(partial(_look, target, given, data, fixed, draws.astype(dtype)), n_rows)
        weights = _weights(log_likelihood, draws, prior, posterior)
        rows = _regressed(log_likelihood, slope, draws, weights)
        sites = _mixed(sites, _of_people(form, given, rows, dtype), 1 if i == 0 else NEW)
        frame = _surrogate.frame(form, given, sites, frame.middle)
    return sites, frame


def nothing(n: int, n_people: int, dtype: Any) -> Sites:
    """Sites of people who say nothing."""
    return Sites(np.zeros((n, n, n_people), dtype), np.zeros((n, n_people), dtype))


def _mixed(old: Sites, new: Sites, share: float) -> Sites:
    """Sites between old and new ones."""
    return Sites(*((a + share * (b - a)).astype(a.dtype) for a, b in zip(old, new, strict=True)))


def _normal_points(key: Array, n: int) -> np.ndarray:
    """Draws of a standard normal, with mean 0 and every variance 1."""
    # NumPy draws them: JAX would compile for longer than all the rest of this file takes.
    draws = np.random.default_rng(np.asarray(jax.random.key_data(key))).normal(size=(DRAWS // 2, n))
    draws = np.concatenate([draws, -draws])
    return draws @ np.linalg.inv(np.linalg.cholesky(draws.T @ draws / DRAWS)).T


def _believed(form: Form, given: Given, sites: Sites, frame: Frame):
    """Mean and covariance of each row's parameters on the line: given the group alone, and with the sites.

    How little is known of the group's mean counts as people's spread.
    """
    n, n_people = len(form.latents), len(given.covariates)
    means, factor = map(np.asarray, _group(given, frame, form))
    mean = np.broadcast_to(means.astype(float), (n, n_people)).T
    unsure = np.square(given.moments[1].astype(float)) * (
        np.square(frame.width.astype(float)).sum(axis=1)[:n] if form.hierarchical else 0
    )
    whole = factor @ factor.T + np.diag(unsure)
    precision = np.moveaxis(np.asarray(sites.precision, float), -1, 0)
    pull = np.asarray(sites.shift, float).T - np.einsum("iab,ib->ia", precision, mean)
    covariance = np.linalg.inv(np.linalg.inv(whole) + precision)
    told = mean + np.einsum("iab,ib->ia", covariance, pull)
    whole = np.broadcast_to(whole, covariance.shape)
    return _by_row(form, given, mean, whole), _by_row(form, given, told, covariance)


@partial(quickest_jit, static_argnames="form")
def _group(given, frame, form):
    """The group in its middle: each latent's mean, shape (n_latents, n_people or 1), and the factor C."""
    group, _ = _target.group_at(form, given, frame, jnp.zeros((1, form.n_group), given.spread_scale.dtype))
    return _target.means_of(form, given, group)[:, 0], _target.factor_of(group)[..., 0, 0]


def _by_row(form, given, mean, covariance):
    """Mean and covariance of each row's parameters, from those of its person's latents."""
    make = _maker(form, given)
    mean, covariance = mean[given.person], covariance[given.person]
    return np.einsum("rka,ra->rk", make, mean), make @ covariance @ np.swapaxes(make, 1, 2)


def _maker(form: Form, given: Given) -> Float[np.ndarray, "n_rows n_parameters n_latents"]:
    """What makes each row's parameters of its person's latents: `_population.of_rows` as matrices."""
    design = np.concatenate([np.ones((len(given.person), 1)), np.asarray(given.design, float)], axis=1)
    n = len(form.names)
    return (design[:, None, :, None] * np.eye(n)[None, :, None, :]).reshape(len(design), n, -1)


def _drawn(posterior, normal) -> Float[np.ndarray, "n_parameters n_draws n_rows"]:
    mean, covariance = posterior
    return np.moveaxis(
        mean[:, None] + normal @ np.swapaxes(np.linalg.cholesky(covariance), 1, 2), -1, 0
    ).swapaxes(1, 2)


def _look(target, given, data, fixed, draws, rows):
    """Log-likelihoods and their slopes at some rows' draws."""
    n_rows = draws.shape[-1]
    own = lambda x: x[rows] if len(x) == n_rows and n_rows > 1 else x  # noqa: E731
    some = jax.tree.map(own, (data, fixed))
    return looked(draws[..., rows], given.places, *some, target)


@partial(quick_jit, static_argnames=("target",))
def looked(draws, places, data, fixed, target):
    """Log-likelihoods, (n_draws, n_rows), and slopes along the line, (n_parameters, n_draws, n_rows)."""
    log_likelihood = _target.likelihood_of(target, data, fixed, draws.shape[1], draws.dtype)

    def summed(line):
        value = log_likelihood(_population.natural_of(target.form, places, line))
        return value.sum(), value

    (_, value), slope = jax.value_and_grad(summed, has_aux=True)(draws)
    return value, slope


def _weights(log_likelihood, draws, prior, posterior):
    """How much each draw counts, flattened; shape (n_draws, n_rows)."""
    log_likelihood = np.where(np.isfinite(log_likelihood), log_likelihood, -1e30).astype(float)
    log_weight = log_likelihood + _log_normal(draws, *prior) - _log_normal(draws, *posterior)
    log_weight = np.maximum(log_weight - log_weight.max(axis=0), -1e3)
    low, high = np.zeros(log_weight.shape[1]), np.ones(log_weight.shape[1])
    for _ in range(12):
        power = np.where(_counting(log_weight) >= COUNTING, 1.0, (low + high) / 2)
        enough = _counting(power * log_weight) >= COUNTING
        low, high = np.where(enough, power, low), np.where(enough, high, power)
    weight = np.exp(low * log_weight)
    return weight / weight.sum(axis=0)


def _counting(log_weight):
    """Which share of the draws counts."""
    weight = np.exp(log_weight)
    return weight.sum(axis=0) ** 2 / np.square(weight).sum(axis=0) / len(weight)


def _log_normal(draws, mean, covariance):
    """Up to a constant of each row."""
    off = np.moveaxis(draws, 0, -1).swapaxes(0, 1) - mean[:, None]
    solved = np.linalg.solve(covariance, np.swapaxes(off, 1, 2))
    return -np.einsum("rsk,rks->sr", off, solved) / 2


def _regressed(log_likelihood, slope, draws, weights):
    """Each row's precision and shift, from its slopes.

    Where a slope does not fall, no normal distribution has it. There the site gets as much precision as
    keeps its height over the middle of the draws below the most that the likelihood was seen to gain: it is
    bounded.
    """
    usable = np.isfinite(slope).all(axis=0) & np.isfinite(log_likelihood)
    weights = np.where(usable, weights, 0) / np.maximum(np.where(usable, weights, 0).sum(axis=0), 1e-30)
    slope, value = np.where(usable, slope, 0).astype(float), np.where(usable, log_likelihood, 0).astype(float)
    mean, height = (weights * draws).sum(axis=1), (weights * slope).sum(axis=1)
    gain = np.where(usable, value, -np.inf).max(axis=0, initial=-1e30) - (weights * value).sum(axis=0)
    off = draws - mean[:, None]
    spread = np.einsum("sr,asr,bsr->rab", weights, off, off)
    spread += 1e-9 * (np.einsum("rkk->r", spread)[:, None, None] + 1e-9) * np.eye(len(draws))
    both = np.einsum("sr,asr,bsr->rab", weights, off, slope - height[:, None])
    precision = -np.linalg.solve(spread, both)
    sizes, axes = np.linalg.eigh((precision + np.swapaxes(precision, 1, 2)) / 2)
    along = np.einsum("rak,ar->rk", axes, height)
    sizes = np.maximum(sizes, np.square(along) / (2 * np.maximum(gain, 0) + 1)[:, None])
    precision = np.einsum("rak,rk,rbk->rab", axes, sizes, axes)
    return np.moveaxis(precision, 0, -1), height + np.einsum("rab,br->ar", precision, mean)


def _of_people(form, given, rows, dtype):
    """The sites of people's latents: what their rows say together."""
    precision, shift = np.moveaxis(rows[0], -1, 0), rows[1].T
    make = _maker(form, given)
    by_row = np.swapaxes(make, 1, 2) @ precision @ make, np.einsum("rka,rk->ra", make, shift)
    people = [np.zeros((len(given.covariates), *x.shape[1:])) for x in by_row]
    for total, x in zip(people, by_row, strict=True):
        np.add.at(total, given.person, x)
    return Sites(*(np.moveaxis(x, 0, -1).astype(dtype) for x in people))
