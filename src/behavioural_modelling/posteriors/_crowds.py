"""People made up: groups drawn beforehand or afterwards, and people drawn from groups.

What the density of `_population` says, said by draws. All arrays have the draws first.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .. import _checks
from . import _links
from ._population import Form, Given
from .posterior import Posterior

__all__: list[str] = []

ROUNDS = 100
"""So often draws of a prior that reaches beyond a parameter's range are made anew."""


class Crowds(NamedTuple):
    """Draws of a group, on the line.

    Attributes:
        mean: Of each latent, with all covariates at 0.
        spread: Of each latent.
        effects: Of the covariates between people.
        factor: A root of the correlations.
    """

    mean: Float[np.ndarray, "n_draws n_latents"]
    spread: Float[np.ndarray, "n_draws n_latents"]
    effects: Float[np.ndarray, "n_draws n_between n_latents"]
    factor: Float[np.ndarray, "n_draws n_latents n_latents"]


class Rows(NamedTuple):
    """Whose people are wanted: as `Given` has them."""

    person: Int[np.ndarray, "n_rows"]
    design: Float[np.ndarray, "n_rows n_within"]
    covariates: Float[np.ndarray, "n_people n_between"]


def picked(key: Array, posterior: Posterior, n_draws: int | None) -> np.ndarray:
    """Which draws are used, numbered through all chains."""
    total = int(np.prod(posterior.log_likelihood.shape[:2]))
    if n_draws is None:
        return np.arange(total)
    n_draws = _checks.size("n_draws", n_draws, minimum=1)
    if n_draws > total:
        _checks.fail("n_draws", f"at most {total}, as the posterior has", n_draws)
    return np.sort(np.asarray(jax.random.permutation(key, total))[:n_draws])


def rows_of(given: Given) -> Rows:
    """The people of the data."""
    return Rows(*(np.asarray(x) for x in (given.person, given.design, given.covariates)))


def beforehand(key: Array, form: Form, given: Given, n_draws: int) -> Crowds:
    """Groups as the priors have them."""
    keys = iter(jax.random.split(key, 4 * len(form.latents) + len(form.latents) * len(form.between) + 1))
    draw = lambda name: np.asarray(given.priors[name].sample(next(keys), (n_draws,)), float)  # noqa: E731
    n = len(form.names)
    mean = [
        _to_line(form, given, k, _natural(next(keys), form, given, k, (n_draws,))) if k < n else draw(name)
        for k, name in enumerate(form.latents)
    ]
    spread = [draw(f"{name}_spread") for name in form.latents]
    effects = [[draw(f"{name}_{c}") for name in form.latents] for c in form.between]
    shape = (len(form.between), len(form.latents), n_draws)
    eye = np.broadcast_to(np.eye(len(form.latents)), (n_draws, *[len(form.latents)] * 2))
    factor = draw("correlation") if form.correlations else eye
    by_draw = lambda x: np.moveaxis(np.asarray(x), -1, 0)  # noqa: E731
    return Crowds(by_draw(mean), by_draw(spread), by_draw(np.reshape(effects, shape)), factor)


def afterwards(posterior: Posterior, which: Int[np.ndarray, "n_draws"]) -> Crowds:
    """The groups of some draws of a posterior, numbered through all chains."""
    form, given = posterior.form, posterior.given
    of = lambda x: np.asarray(x, float).reshape(-1)[which]  # noqa: E731
    mean = [_to_line(form, given, k, of(posterior.group[name])) for k, name in enumerate(form.names)]
    mean += [of(posterior.effects[c][name]) for c in form.within for name in form.names]
    spread = [of(posterior.spread[name]) for name in form.latents]
    effects = [[of(posterior.effects[c][name]) for name in form.latents] for c in form.between]
    shape = (len(form.between), len(form.latents), len(which))
    matrix = np.broadcast_to(np.eye(len(form.latents)), (len(which), *[len(form.latents)] * 2)).copy()
    for i, one in enumerate(form.latents):
        for j, other in enumerate(form.latents[:i] if form.correlations else ()):
            matrix[:, i, j] = matrix[:, j, i] = of(posterior.correlation[f"{other}, {one}"])
    by_draw = lambda x: np.moveaxis(np.asarray(x), -1, 0)  # noqa: E731
    return Crowds(by_draw(mean), by_draw(spread), by_draw(np.reshape(effects, shape)), _root(matrix))


def drawn(key: Array, form: Form, given: Given, crowds: Crowds, rows: Rows) -> dict[str, np.ndarray]:
    """Natural values of people of each group, by row: arrays of shape (n_draws, n_rows).

    What person i is drawn with depends on `key` and i alone.
    """
    n_draws, n = len(crowds.mean), len(form.names)
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, np.arange(len(rows.covariates)))
    z = jax.vmap(lambda k: jax.random.normal(k, (n_draws, len(form.latents))))(keys)
    z = np.einsum("dkl,pdl->dpk", crowds.factor, np.asarray(z, float))
    mean = crowds.mean[:, None] + np.einsum("pc,dck->dpk", rows.covariates, crowds.effects)
    latents = (mean + crowds.spread[:, None] * z)[:, rows.person]
    slopes = latents[..., n:].reshape(*latents.shape[:2], len(form.within), n)
    line = latents[..., :n] + np.einsum("rw,drwk->drk", rows.design, slopes)
    return {name: _to_natural(form, given, k, line[..., k]) for k, name in enumerate(form.names)}


def apart(key: Array, form: Form, given: Given, n_draws: int, n_rows: int) -> dict[str, np.ndarray]:
    """Natural values of people without a group, each from the priors alone."""
    keys, shape = jax.random.split(key, len(form.names)), (n_draws, n_rows)
    return {name: _natural(keys[k], form, given, k, shape) for k, name in enumerate(form.names)}


def _natural(key: Array, form: Form, given: Given, k: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draws of the prior of a natural value, as far as it is in the parameter's range."""
    name, lower, upper = form.names[k], given.places.lower[k], given.places.upper[k]
    values = np.full(shape, np.nan)
    for number in range(ROUNDS):
        new = given.priors[name].sample(jax.random.fold_in(key, number), shape)
        values = np.where(np.isnan(values), np.asarray(new, float), values)
        values[(values < lower) | (values > upper)] = np.nan
        if not np.isnan(values).any():
            dtype = np.asarray(given.places.lower).dtype
            inside = _links.inside(form.kinds[k], jnp.asarray(values, dtype), lower, upper)
            return np.asarray(inside, dtype)
    expected = f"a distribution that is mostly in [{lower:g}, {upper:g}]"
    _checks.fail(f"priors[{name!r}]", expected, f"a {type(given.priors[name]).__name__} that is hardly there")


def _to_line(form: Form, given: Given, k: int, natural: np.ndarray) -> np.ndarray:
    """Where natural values are on the line, off the ends of their range."""
    kind, (lower, upper, scale) = form.kinds[k], (np.asarray(a)[k] for a in given.places)
    inside = _links.inside(kind, jnp.asarray(natural, lower.dtype), lower, upper)
    return np.asarray(_links.to_line(kind, np.asarray(inside, float), lower, upper, scale), float)


def _to_natural(form: Form, given: Given, k: int, line: np.ndarray) -> np.ndarray:
    kind, (lower, upper, scale) = form.kinds[k], (np.asarray(a)[k] for a in given.places)
    natural = _links.to_natural(kind, jnp.asarray(line, lower.dtype), lower, upper, scale)
    return np.asarray(_links.inside(kind, natural, lower, upper))


def _root(matrix: np.ndarray) -> np.ndarray:
    """R with R R' the matrix; rounding may have made an eigenvalue negative."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0))[:, None]


def told(form: Form, given: Given, crowds: Crowds) -> dict[str, np.ndarray]:
    """The groups' medians and spreads by the names of `Posterior.variables`."""
    medians = {
        f"{name}_median": _to_natural(form, given, k, crowds.mean[:, k]) for k, name in enumerate(form.names)
    }
    return medians | {f"{name}_spread": crowds.spread[:, k] for k, name in enumerate(form.latents)}
