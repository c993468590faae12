r"""How probable a person's responses are for somebody who is new to the group.

.. math:: p(y_i \mid \text{group}_s) = \int p(y_i \mid \phi)\, p(\phi \mid \text{group}_s)\, d\phi

By importance sampling on the line. A draw of the group may have small spreads: points from the group on
average would hardly ever be near its people. So the points come from all draws of the group alike, a quarter
from their people as they are and the others from their people as the person's responses would have them, if
the log-likelihood were the parabola that is fitted to it at the person's own draws. Their density is that of
the mixture (Veach & Guibas, 1995, doi 10.1145/218380.218498), so that weights are bounded. The same points
serve every draw of the group, and the likelihood, which is what costs, is computed once at each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ..posteriors import Posterior, _crowds
from . import _parabola, _pointwise

__all__: list[str] = []

WIDER = (1.0, 3.0)
"""What the parabola's covariance is multiplied by: tails of a likelihood may be wider than a normal's."""

SHARES = (0.5, 0.25)
"""Which share of the points comes from each of them. The others come from the groups as they are."""

EVENLY = 0.3
"""This share of the points comes from all draws of the group alike."""

AT_ONCE = 1000
"""So many points are weighted against all draws of the group at once."""

VALUES = 2**23
"""So many coordinates are held at once: that bounds the memory."""


class Groups(NamedTuple):
    """Draws of the group, for people with the same covariates: normal distributions on the line."""

    mean: Float[np.ndarray, "n_draws n_latents"]
    precision: Float[np.ndarray, "n_draws n_latents n_latents"]


class Parts(NamedTuple):
    """For each draw of the group a normal distribution that points come from, and the weight of the draw.

    The density at a point is the mean over draws of the group's density times `site / z`.
    """

    mean: Float[np.ndarray, "n_draws n_latents"]
    factor: Float[np.ndarray, "n_draws n_latents n_latents"]
    log_z: Float[np.ndarray, "n_draws"]
    site: _parabola.Site


def by_person(posterior: Posterior, n_draws: int, n_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Each person's log-likelihood for each draw of the group, (n_draws, n_people), and its error."""
    which = np.unique(_pointwise.flat(np.arange(posterior.log_likelihood[:, :, 0].size), n_draws))
    crowds = _crowds.afterwards(posterior, which)
    n_people = len(posterior.given.covariates)
    found, errors = np.empty((len(which), n_people)), np.empty(n_people)
    precision = _precision(crowds)
    for people in _in_turn(n_people, n_points * crowds.mean.shape[1]):
        groups = [Groups(_means(posterior, crowds, i), precision) for i in people]
        parts = [_parts(one, _parabola.site(posterior, i)) for one, i in zip(groups, people, strict=True)]
        share = [_shares(one, some) for one, some in zip(groups, parts, strict=True)]
        points = np.stack([_points(some, p, n_points) for some, p in zip(parts, share, strict=True)], axis=1)
        likelihood = _likelihood(posterior, points, people)
        for j, i in enumerate(people):
            found[:, i], errors[i] = _integrals(groups[j], parts[j], share[j], points[:, j], likelihood[:, j])
    return found, errors


def _in_turn(n_people: int, n_values: int) -> Iterator[Int[np.ndarray, "n_some"]]:
    """Some people, and then the next ones; the last are as many, so that nothing is compiled anew."""
    at_once = min(max(1, VALUES // n_values), n_people)
    for start in range(0, n_people, at_once):
        yield np.arange(n_people)[max(0, min(start, n_people - at_once)) :][:at_once]


def _precision(crowds: _crowds.Crowds) -> np.ndarray:
    """The inverse covariance of each draw's people; spreads of next to nothing are given a little."""
    factor = crowds.spread[:, :, None] * crowds.factor
    covariance = np.einsum("skl,sml->skm", factor, factor)
    little = 1e-8 * np.mean(np.square(crowds.spread), axis=0) + 1e-12
    return np.linalg.inv(covariance + np.diag(little))


def _means(posterior: Posterior, crowds: _crowds.Crowds, i: int) -> np.ndarray:
    """The mean of people with the covariates of person i."""
    return crowds.mean + np.einsum("c,sck->sk", np.asarray(posterior.given.covariates)[i], crowds.effects)


def _parts(groups: Groups, site: _parabola.Site) -> list[Parts]:
    """Each draw's people given the parabola, at each of its widths, and without it."""
    nothing = _parabola.Site(np.zeros_like(site.precision), np.zeros_like(site.slope))
    sites = [_parabola.Site(site.precision / w, site.slope / w) for w in WIDER] + [nothing]
    return [_part(groups, one) for one in sites]


def _part(groups: Groups, site: _parabola.Site) -> Parts:
    pull = np.einsum("skl,sl->sk", groups.precision, groups.mean)
    precision, both = groups.precision + site.precision, pull + site.slope
    lower = np.linalg.cholesky(precision)
    mean = np.linalg.solve(precision, both[..., None])[..., 0]
    volumes = (np.linalg.slogdet(groups.precision)[1] - np.linalg.slogdet(precision)[1]) / 2
    squares = (np.einsum("sk,sk->s", both, mean) - np.einsum("sk,sk->s", pull, groups.mean)) / 2
    log_z = volumes + squares
    return Parts(mean, np.linalg.inv(lower).swapaxes(1, 2), log_z, site)


def _shares(groups: Groups, parts: list[Parts]) -> Float[np.ndarray, "n_draws"]:
    """Which share of the points comes from which draw of the group: more from one that stands alone."""
    n, part = len(groups.mean), parts[0]
    points = _points([part], np.full(n, 1 / n), AT_ONCE)
    log_density = _log_normal(groups, points) - part.log_z[:, None]
    density = np.exp(log_density - log_density.max(axis=0))
    alone = np.sqrt(np.square(density / density.mean(axis=0)).mean(axis=1))
    return (1 - EVENLY) * alone / alone.sum() + EVENLY / n


def _points(parts: list[Parts], share: np.ndarray, n_points: int) -> Float[np.ndarray, "n_points n_latents"]:
    """Where a person is looked at: points spread evenly over parts, draws and directions."""
    from scipy.special import ndtri

    n_draws, n = parts[0].mean.shape
    even = _even(n_points, n + 2)
    which = np.searchsorted(np.cumsum(SHARES), even[:, 0]) if len(parts) > 1 else np.zeros(n_points, int)
    draw = np.minimum(np.searchsorted(np.cumsum(share), even[:, 1]), n_draws - 1)
    mean, factor = (np.stack([getattr(part, name) for part in parts]) for name in ("mean", "factor"))
    return mean[which, draw] + np.einsum("mkl,ml->mk", factor[which, draw], ndtri(even[:, 2:]))


def _even(n: int, n_axes: int) -> np.ndarray:
    """Points that fill a cube evenly: steps by powers of a number that no fraction comes close to."""
    ratio = 2.0
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (n_axes + 1))
    steps = ratio ** -np.arange(1.0, n_axes + 1)
    return np.clip((0.5 + np.arange(1, n + 1)[:, None] * steps) % 1, 0.1 / n, 1 - 0.1 / n)


def _likelihood(
    posterior: Posterior, points: np.ndarray, people: Int[np.ndarray, "n_some"]
) -> Float[np.ndarray, "n_points n_some"]:
    """The log-likelihood of all rows of some people at their points."""
    rows, place = _pointwise.rows_of(posterior, people)
    line = _parabola.of_rows(posterior, points[:, place], rows)
    held = {n: x[0, 0, rows] for n, x in posterior.params.items() if n not in posterior.form.names}
    params = {
        name: _crowds._to_natural(posterior.form, posterior.given, k, line[..., k])
        for k, name in enumerate(posterior.form.names)
    }
    params |= {name: np.broadcast_to(x, line.shape[:2]) for name, x in held.items()}
    by_row = _pointwise.by_subject(posterior.model, params, posterior.trials.subjects(rows))
    return np.stack([by_row[:, place == j].sum(axis=1) for j in range(len(people))], axis=1)


def _integrals(
    groups: Groups, parts: list[Parts], share: np.ndarray, points: np.ndarray, likelihood: np.ndarray
) -> tuple[np.ndarray, float]:
    """The logarithm of the integral for each draw of the group, and how far they are off."""
    weights = [1 - sum(SHARES) if part is parts[-1] else SHARES[k] for k, part in enumerate(parts)]
    sums = np.full((2, len(groups.mean)), -np.inf)
    for start in range(0, len(points), AT_ONCE):
        some, told = points[start : start + AT_ONCE], likelihood[start : start + AT_ONCE]
        log_density = _log_normal(groups, some)
        top = log_density.max(axis=0)
        density = np.exp(log_density - top)
        log_mixture = np.stack(
            [
                np.log(w)
                + part.site.log_density(some)
                + np.log((share * np.exp(-part.log_z)) @ density)
                + top
                for w, part in zip(weights, parts, strict=True)
            ]
        )
        log_weight = told + top - np.logaddexp.reduce(log_mixture, axis=0)
        sums[0] = np.logaddexp(sums[0], _log_product(density, log_weight))
        sums[1] = np.logaddexp(sums[1], _log_product(np.square(density), 2 * log_weight))
    variance = np.maximum(np.exp(sums[1] - 2 * sums[0]) - 1 / len(points), 0)
    # Leave-one-out takes the inverse, whose expectation is larger by this factor.
    return sums[0] - np.log(len(points)) + np.log1p(variance), float(np.sqrt(variance.mean()))


def _log_product(density: np.ndarray, log_weight: np.ndarray) -> np.ndarray:
    top = max(log_weight.max(), -1e300)  # of points none of which is possible
    with np.errstate(divide="ignore"):
        return np.log(density @ np.exp(log_weight - top)) + top


def _log_normal(groups: Groups, points: np.ndarray) -> Float[np.ndarray, "n_draws n_points"]:
    """The log-density of each draw's people: a sum over powers of the coordinates."""
    center = groups.mean.mean(axis=0)
    mean, x = groups.mean - center, points - center
    pull = np.einsum("skl,sl->sk", groups.precision, mean)
    square = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    constant = np.linalg.slogdet(groups.precision)[1] / 2 - np.einsum("sk,sk->s", pull, mean) / 2
    constant -= x.shape[1] / 2 * np.log(2 * np.pi)
    return pull @ x.T - groups.precision.reshape(len(mean), -1) @ square.T / 2 + constant[:, None]
