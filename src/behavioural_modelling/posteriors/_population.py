r"""The distribution of people: what is normal on the line, with which mean, spread and correlations.

.. math::
    \phi_i = \mu + \sum_c x_{ic} \beta_c + C z_i, \qquad z_i \sim N(0, I), \qquad C = \text{diag}(\sigma)\, R

A person has a latent number for each parameter; where a covariate changes within the person, one more for
each parameter and such covariate, its slope. A row of the trials, one session of a person, has on the line
the parameter plus the slopes times the row's covariates.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Float, Int

from . import _links

__all__: list[str] = []


class Form(NamedTuple):
    """What programs are compiled for.

    Attributes:
        names: The free parameters.
        kinds: Which link each has.
        within: The covariates that change within a person.
        between: Those that do not.
        correlations: Whether the latents of a person are correlated.
        hierarchical: Whether there is a group.
        one_row_each: Whether every person has one row of the trials.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    within: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    correlations: bool = False
    hierarchical: bool = True
    one_row_each: bool = True

    @property
    def latents(self) -> tuple[str, ...]:
        """The names of a person's latents."""
        return (*self.names, *(f"{name}_{w}" for w in self.within for name in self.names))

    @property
    def n_group(self) -> int:
        """How many numbers describe the group."""
        n = len(self.latents)
        return self.hierarchical * (n * (2 + len(self.between)) + self.correlations * n * (n - 1) // 2)


class Given(NamedTuple):
    """The numbers of a population.

    Attributes:
        places: Where each parameter lies.
        priors: By name: of the median person's natural value, or of each person's; of spreads, effects, and
            of "correlation".
        spread_scale: A typical size of each latent's spread.
        person: Which person each row is of.
        design: The covariates that change within a person, by row.
        covariates: Those that do not, by person.
        moments: Mean and standard deviation on the line of what is known of a latent beforehand.
    """

    places: _links.Places
    priors: dict[str, Any]
    spread_scale: Float[np.ndarray, "n_latents"]
    person: Int[np.ndarray, "n_rows"]
    design: Float[np.ndarray, "n_rows n_within"]
    covariates: Float[np.ndarray, "n_people n_between"]
    moments: Float[np.ndarray, "2 n_latents"]


class Group(NamedTuple):
    """The group's numbers in some chains.

    Attributes:
        mean: On the line, shape (n_latents, n_chains).
        spread: Shape (n_latents, n_chains).
        effects: Of the covariates between people, shape (n_between, n_latents, n_chains).
        factor: The lower triangular R with `R R'` the correlations, shape (n_latents, n_latents, n_chains);
            None where there are none.
    """

    mean: Array
    spread: Array
    effects: Array
    factor: Array | None


def group_of(form: Form, given: Given, x: Float[Array, "n_chains n_group"]) -> Group:
    """The group's numbers from coordinates in which beforehand they are about standard normal."""
    n, e = len(form.latents), len(form.between)
    mean = x[:, :n].T * given.moments[1][:, None] + given.moments[0][:, None]
    spread = half_normal_quantile(x[:, n : 2 * n].T) * given.spread_scale[:, None]
    effects = x[:, 2 * n : (2 + e) * n].T.reshape(e, n, len(x)) * given.spread_scale[:, None]
    factor = jnp.moveaxis(_correlation()(x[:, (2 + e) * n :]), 0, -1) if form.correlations else None
    return Group(mean, spread, effects, factor)


def log_prior(
    form: Form, given: Given, x: Float[Array, "n_chains n_group"], group: Group
) -> Float[Array, "n_chains"]:
    """The log-density beforehand, in those coordinates, at which `group` is."""
    total = jnp.zeros(len(x), x.dtype)
    if not form.hierarchical:
        return total
    n, e = len(form.latents), len(form.between)
    for k, name in enumerate(form.latents):
        if k < len(form.names):
            total += natural_log_prior(form, given.places, given.priors, k, group.mean[k])
        else:
            total += given.priors[name].log_prob(group.mean[k])
        total += given.priors[f"{name}_spread"].log_prob(group.spread[k])
        total += log_slope_of_quantile(x[:, n + k], group.spread[k] / given.spread_scale[k])
        for j, covariate in enumerate(form.between):
            total += given.priors[f"{name}_{covariate}"].log_prob(group.effects[j, k])
    if form.correlations:
        free = x[:, (2 + e) * n :]
        lower = _correlation()(free)
        total += _correlation().log_abs_det_jacobian(free, lower)
        total += given.priors["correlation"].log_prob(lower)
    return total


def natural_log_prior(form: Form, places: _links.Places, priors: dict, k: int, line: Array) -> Array:
    """The log-density on the line of a prior over the natural values of parameter `k`."""
    kind, (lower, upper, scale) = form.kinds[k], (a[k] for a in places)
    natural = _links.to_natural(kind, line, lower, upper, scale)
    inside = _links.inside(kind, natural, lower, upper)
    density = priors[form.names[k]].log_prob(inside)
    return density + _links.log_slope(kind, line, lower, upper, scale)


def _correlation() -> Any:
    """From real numbers to lower triangular matrices whose squares are correlations."""
    from numpyro.distributions.transforms import CorrCholeskyTransform

    return CorrCholeskyTransform()


@jax.custom_jvp
def half_normal_quantile(x: Array) -> Array:
    """What a standard normal's distance from 0 exceeds as seldom as a standard normal exceeds `x`."""
    tail = _links.normal_share(-jnp.minimum(jnp.abs(x), 12))
    small = math.sqrt(math.pi / 2) * tail * (1 + math.pi / 12 * jnp.square(tail))  # where 1 - tail rounds
    return jnp.where(x < -2, small, -ndtri(jnp.where(x < 0, 1 - tail, tail) / 2))


@half_normal_quantile.defjvp
def _quantile_and_slope(primals, tangents):
    (x,), (move,) = primals, tangents
    spread = half_normal_quantile(x)
    return spread, jnp.exp(log_slope_of_quantile(x, spread)) * move


def log_slope_of_quantile(x: Array, spread: Array) -> Array:
    """The logarithm of the derivative of `half_normal_quantile`, whose value is `spread`."""
    return (jnp.square(spread) - jnp.square(x)) / 2 - math.log(2)


def of_rows(form: Form, given: Given, latents: Float[Array, "n_latents n_chains n_people"]) -> Array:
    """Each row's parameters on the line, shape (n_parameters, n_chains, n_rows)."""
    if form.one_row_each:
        return latents
    n, by_row = len(form.names), latents[..., given.person]
    slopes = by_row[n:].reshape(len(form.within), n, *by_row.shape[1:])
    return by_row[:n] + sum((slopes[w] * given.design[:, w] for w in range(len(form.within))), start=0.0)


def to_people(form: Form, given: Given, by_row: Float[Array, "n_chains n_rows"]) -> Array:
    """Sums over each person's rows, shape (n_chains, n_people)."""
    if form.one_row_each:
        return by_row
    return jax.ops.segment_sum(by_row.T, given.person, len(given.covariates)).T


def natural_of(form: Form, places: _links.Places, line: Array) -> dict[str, Array]:
    """Natural values from the line, parameters on the first axis of `line`."""
    return {
        name: _links.to_natural(kind, line[k], *(a[k] for a in places))
        for k, (name, kind) in enumerate(zip(form.names, form.kinds, strict=True))
    }
