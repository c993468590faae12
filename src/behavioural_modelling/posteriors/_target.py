r"""The posterior in coordinates in which it is close to a standard normal.

Each person's likelihood has a normal stand-in, its site, with precision :math:`\Lambda_i` and shift
:math:`\eta_i`. With the group's mean :math:`m_i` and factor C, and :math:`Q_i = I + C' \Lambda_i C = L L'`,

.. math:: z_i = L'^{-1} \left( L^{-1} C' (\eta_i - \Lambda_i m_i) + u_i \right), \qquad \phi_i = m_i + C z_i

If the sites were exact, u would be standard normal whatever the group. Where the data say nothing, Q is I and
u is z, the non-centred coordinates; where they say much, u is the deviation from what the data say, the
centred ones; and all between, by person and direction. The change of coordinates is exact: log|L| is in the
density.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._compute.layout import apart
from .._scoring import scorer
from .._types import AnyArray
from ..models import Model
from . import _lanes, _population
from ._population import Form, Given, Group

__all__: list[str] = []


INDEPENDENT = 0.3
"""Which share of the draws of the warm-up counts as independent."""


class Sites(NamedTuple):
    """The stand-ins of people's likelihoods, normal in their latents up to a constant.

    Attributes:
        precision: Shape (n_latents, n_latents, n_people).
        shift: Precision times mean, shape (n_latents, n_people).
    """

    precision: Float[AnyArray, "n_latents n_latents n_people"]
    shift: Float[AnyArray, "n_latents n_people"]


class Frame(NamedTuple):
    """The coordinates of the group: a point and a matrix, from those of `_population.group_of`."""

    middle: Float[AnyArray, "n_group"]
    width: Float[AnyArray, "n_group n_group"]


class At(NamedTuple):
    """Some chains' coordinates: the group's and the people's."""

    group: Float[Array, "n_chains n_group"]
    people: Float[Array, "n_latents n_chains n_people"]


class Told(NamedTuple):
    """What the target says at some coordinates; the log-density is the sum of the first three.

    Attributes:
        group: The group's own log-density, shape (n_chains,).
        people: That of each person given the group, shape (n_chains, n_people).
        log_likelihood: By row, shape (n_chains, n_rows).
        natural: Natural values, a dict of arrays of shape (n_chains, n_rows).
    """

    group: Float[Array, "n_chains"]
    people: Float[Array, "n_chains n_people"]
    log_likelihood: Float[Array, "n_chains n_rows"]
    natural: dict[str, Array]


class Numbers(NamedTuple):
    """What the programs of a posterior are given."""

    given: Given
    sites: Sites
    frame: Frame
    data: Any
    fixed: Any


class Conditional(NamedTuple):
    """A normal distribution of each person's standardised deviation z, given the group: `L' z - w` is
    standard."""

    mean: Float[Array, "n_latents n_chains n_people"]
    lower: Float[Array, "n_latents n_latents n_chains n_people"]
    shifted: Float[Array, "n_latents n_chains n_people"]


class Target(NamedTuple):
    """What programs are compiled for."""

    model: Model
    form: Form
    on_cpu: bool


def likelihood_of(target: Target, data: Any, fixed: dict[str, Array], n_copies: int, dtype: Any) -> Callable:
    """The function from the rows' natural values, (n_copies, n_rows), to log-likelihoods of that shape.

    Lanes are copies times rows, so that one compiled loop over the trials does all chains at once.
    """
    n_rows = len(jax.tree.leaves(data)[0])
    copied = lambda x: jnp.tile(x, (n_copies, *[1] * (x.ndim - 1))) if len(x) == n_rows else x  # noqa: E731
    score = scorer(target.model, dtype, target.on_cpu, *jax.tree.map(copied, data))
    held = jax.tree.map(copied, fixed)

    def log_likelihood(natural):
        flat = {name: x.reshape(-1) for name, x in natural.items()}
        order = {p.name: (flat | held)[p.name] for p in target.model.parameters}
        return score(order).reshape(n_copies, n_rows)

    return log_likelihood


def means_of(form: Form, given: Given, group: Group) -> Float[Array, "n_latents n_chains n_people"]:
    """The mean of each latent; one for all people where there are no covariates between them."""
    mean = group.mean[..., None]
    for j in range(len(form.between)):
        mean = mean + group.effects[j][..., None] * given.covariates[:, j]
    return mean


def factor_of(group: Group) -> Float[Array, "n_latents n_latents n_chains 1"]:
    """C: the spreads on the diagonal, times the factor of the correlations."""
    n = len(group.spread)
    factor = jnp.eye(n, dtype=group.spread.dtype)[..., None] if group.factor is None else group.factor
    return (group.spread[:, None] * factor)[..., None]


def conditional(form: Form, given: Given, sites: Sites, group: Group) -> Conditional:
    """What the sites say of each person, given the group."""
    mean, told = means_of(form, given, group), jnp.asarray(sites.precision)[:, :, None]
    pull = jnp.asarray(sites.shift)[:, None] - _lanes.times(told, mean)
    if group.factor is None:
        spread = group.spread[..., None]
        told, pull = spread[:, None] * told * spread, spread * pull
    else:
        factor = factor_of(group)
        half = (told[:, :, None] * factor).sum(axis=1)  # Lambda C, and then C' of it
        told, pull = (factor[:, :, None] * half[:, None]).sum(axis=0), _lanes.transposed_times(factor, pull)
    lower = apart(_lanes.cholesky(told + jnp.eye(len(mean), dtype=mean.dtype)[..., None, None]))
    return Conditional(mean, lower, apart(_lanes.solve_lower(lower, pull)))


def deviations(there: Conditional, people: Array) -> Array:
    """z from u."""
    return apart(_lanes.solve_upper(there.lower, there.shifted + people))


def coordinates(there: Conditional, z: Array) -> Array:
    """u from z."""
    return _lanes.transposed_times(there.lower, z) - there.shifted


def latents_of(group: Group, mean: Array, z: Array) -> Float[Array, "n_latents n_chains n_people"]:
    """Each person's latents: the mean and the deviation from it."""
    off = group.spread[..., None] * z if group.factor is None else _lanes.times(factor_of(group), z)
    return mean + off


def group_at(form: Form, given: Given, frame: Frame, x: Array) -> tuple[Group, Array]:
    """The group at its coordinates, and its log-density in them."""
    here = jnp.asarray(base(frame, x))
    group = _population.group_of(form, given, here) if form.hierarchical else _alone(form, given, len(x))
    group = jax.tree.map(apart, group)
    return group, _population.log_prior(form, given, here, group)


def base(frame: Frame, x: Array) -> AnyArray:
    """The coordinates of `_population.group_of` from those of the frame."""
    # Written out: a call of a library would wait for others.
    return frame.middle + (x[:, None, :] * frame.width).sum(axis=-1)


def rescaled(frame: Frame, seen: Float[np.ndarray, "n_draws n_group"]) -> tuple[Frame, np.ndarray]:
    """A frame in which draws, given in `base`, vary by about 1, and by how much its axes were rescaled.

    The curvature at the highest point tells little of how far a skewed density reaches. The draws hang
    together: their deviations are pulled to 1 as if that had been seen in some more of them.
    """
    x = np.linalg.solve(frame.width, (seen - frame.middle).T)
    n, more = len(seen) * INDEPENDENT, 20
    scale = np.sqrt((n * x.var(axis=1) + more) / (n + more)).astype(frame.width.dtype)
    return frame._replace(width=frame.width * scale), scale


def _alone(form: Form, given: Given, n_chains: int) -> Group:
    """What stands in for the group where each person is on their own: the prior's moments on the line."""
    spread = lambda x: jnp.broadcast_to(jnp.asarray(x)[:, None], (len(form.latents), n_chains))  # noqa: E731
    mean, deviation = map(spread, given.moments)
    return Group(mean, deviation, jnp.zeros((0, len(form.latents), n_chains)), None)


def target_of(form: Form, given: Given, sites: Sites, frame: Frame, log_likelihood: Callable) -> Callable:
    """The function from `At` to `Told`."""

    def tell(at: At) -> Told:
        group, own = group_at(form, given, frame, at.group)
        there = conditional(form, given, sites, group)
        z = deviations(there, at.people)
        latents = apart(latents_of(group, there.mean, z))
        people = _people_given(form, given, z, latents) - _lanes.log_determinant(there.lower)
        line = _population.of_rows(form, given, latents)
        natural = jax.tree.map(apart, _population.natural_of(form, given.places, line))
        return Told(own, people, log_likelihood(natural), natural)

    return tell


def _people_given(form: Form, given: Given, z: Array, latents: Array) -> Array:
    """The log-density of people given the group, or of each alone, up to a constant."""
    if form.hierarchical:
        return -jnp.square(z).sum(axis=0) / 2
    prior = partial(_population.natural_log_prior, form, given.places, given.priors)
    return jnp.stack([prior(k, line) for k, line in enumerate(latents)]).sum(axis=0)


def total(told: Told) -> Float[Array, "n_chains"]:
    """The log-density."""
    return told.group + told.people.sum(axis=1) + told.log_likelihood.sum(axis=1)
