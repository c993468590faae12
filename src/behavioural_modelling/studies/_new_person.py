r"""How probable a person's responses are for somebody who is new to the group.

.. math:: p(y_i \mid \text{group}) = \int p(y_i \mid \theta)\, p(\theta \mid \text{group})\, d\theta

By importance sampling on the line. Half of the points lie where the person's own draws are, half where the
group is, so that weights are bounded. The same points serve every draw of the group, and the likelihood,
which is what costs, is computed once at each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..posteriors import Posterior, _links
from . import _pointwise

__all__: list[str] = []

DEGREES = 5
"""Degrees of freedom of the t distribution around a person's draws: its tails are wider than theirs."""

EDGE = {_links.INTERVAL: 8.0}
"""How far on the line natural values still change; elsewhere `FAR`."""

FAR = 60.0


class Groups(NamedTuple):
    """Draws of the group: what a new person with a person's covariates is drawn from, on the line."""

    mean: Float[np.ndarray, "n_draws n_people n_parameters"]
    factor: Float[np.ndarray, "n_draws n_parameters n_parameters"]


class Points(NamedTuple):
    """Where each person is looked at, on the line, and the log-density of what that comes from."""

    line: Float[np.ndarray, "n_points n_people n_parameters"]
    log_density: Float[np.ndarray, "n_points n_people"]


def by_person(posterior: Posterior, n_draws: int, n_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Each person's log-likelihood for each draw of the group, (n_draws, n_people), and its error."""
    from scipy.special import logsumexp

    groups = _groups(posterior, n_draws)
    points = _points(groups, _own(posterior), n_points)
    weights = _likelihood(posterior, points.line) - points.log_density
    found, errors = np.empty(groups.mean.shape[:2]), np.empty(len(groups.mean[0]))
    for i in range(len(errors)):
        terms = weights[:, i] + _log_normal(points.line[None, :, i], groups.mean[:, None, i], groups.factor)
        found[:, i] = logsumexp(terms, axis=1) - np.log(len(weights))
        shares = np.exp(terms - logsumexp(terms, axis=1, keepdims=True))
        errors[i] = np.sqrt(np.mean(np.square(shares).sum(axis=1) - 1 / len(weights)))
    return found, errors


def _groups(posterior: Posterior, n_draws: int) -> Groups:
    form, given, some = posterior.form, posterior.given, lambda x: _pointwise.flat(x, n_draws)
    mean = np.stack([_line(posterior, k, some(posterior.group[n])) for k, n in enumerate(form.names)], -1)
    mean = np.repeat(mean[:, None], len(given.covariates), axis=1)
    for j, covariate in enumerate(form.between):
        effect = np.stack([some(posterior.effects[covariate][name]) for name in form.names], axis=-1)
        mean = mean + effect[:, None] * np.asarray(given.covariates)[:, j, None]
    spread = np.stack([some(posterior.spread[name]) for name in form.names], axis=-1).astype(float)
    correlation = np.broadcast_to(np.eye(len(form.names)), (len(spread), *[len(form.names)] * 2)).copy()
    for i, one in enumerate(form.names):
        for j, other in enumerate(form.names[:i] if form.correlations else ()):
            between = some(posterior.correlation[f"{other}, {one}"])
            correlation[:, i, j] = correlation[:, j, i] = between
    return Groups(mean, spread[:, :, None] * np.linalg.cholesky(correlation))


def _line(posterior: Posterior, k: int, natural: np.ndarray) -> np.ndarray:
    """Natural values of the k-th free parameter on the line, off its ends."""
    kind = posterior.form.kinds[k]
    edge = EDGE.get(kind, FAR)
    ends = [np.asarray(x)[k] for x in posterior.given.places]
    return np.clip(_links.to_line(kind, natural, *ends), -edge, edge)


def _own(posterior: Posterior) -> Float[np.ndarray, "n_draws n_people n_parameters"]:
    """Each person's draws on the line. All rows of a person have the same."""
    _, first = np.unique(posterior.given.person, return_index=True)
    draws = [posterior.params[name][:, :, first] for name in posterior.form.names]
    return np.stack([_line(posterior, k, _pointwise.flat(x, x.size)) for k, x in enumerate(draws)], axis=-1)


def _points(groups: Groups, own: np.ndarray, n_points: int) -> Points:
    """Half of the points around each person's draws, half around the group's."""
    from scipy.special import gammaincinv, ndtri

    n = own.shape[2]
    even = _even(n_points // 2, n + 1)
    normal, chi = ndtri(even[:, :n]), 2 * gammaincinv(DEGREES / 2, even[:, n:])
    center, factor = own.mean(axis=0), np.linalg.cholesky(_covariance(own))
    by_group = groups.mean.mean(axis=0), _wide(groups)
    near = center + np.einsum("pkl,ml->mpk", factor, normal / np.sqrt(chi / DEGREES))
    far = by_group[0] + np.einsum("pkl,ml->mpk", by_group[1], normal)
    line = np.concatenate([near, far])
    density = np.logaddexp(_log_t(line, center, factor), _log_normal(line, *by_group)) - np.log(2)
    return Points(line, density)


def _even(n: int, n_axes: int) -> np.ndarray:
    """Points that fill a cube evenly: steps by powers of a number that no fraction comes close to."""
    ratio = 2.0
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (n_axes + 1))
    steps = ratio ** -np.arange(1.0, n_axes + 1)
    return np.clip((0.5 + np.arange(1, n + 1)[:, None] * steps) % 1, 0.1 / n, 1 - 0.1 / n)


def _covariance(draws: Float[np.ndarray, "n_draws n_people n_parameters"]) -> np.ndarray:
    """The covariance of each person's draws."""
    off = draws - draws.mean(axis=0)
    return np.einsum("spk,spl->pkl", off, off) / len(draws) + 1e-8 * np.eye(draws.shape[2])


def _wide(groups: Groups) -> np.ndarray:
    """A factor of the covariance of new people over all draws of the group."""
    inner = np.einsum("skl,sml->skm", groups.factor, groups.factor).mean(axis=0)
    return np.linalg.cholesky(inner + _covariance(groups.mean))


def _likelihood(posterior: Posterior, line: np.ndarray) -> Float[np.ndarray, "n_points n_people"]:
    """The log-likelihood of all rows of each person at its points."""
    person, n_points = np.asarray(posterior.given.person), len(line)
    held = {name: x[0, 0] for name, x in posterior.params.items() if name not in posterior.form.names}
    params = _natural(posterior, line[:, person])
    params |= {name: np.broadcast_to(x, (n_points, len(person))) for name, x in held.items()}
    by_row = _pointwise.by_subject(posterior.model, params, posterior.trials)
    return np.stack([by_row[:, person == i].sum(axis=1) for i in range(line.shape[1])], axis=1)


def _natural(posterior: Posterior, line: np.ndarray) -> dict[str, np.ndarray]:
    """Natural values of the free parameters."""
    found = {}
    for k, (name, kind) in enumerate(zip(posterior.form.names, posterior.form.kinds, strict=True)):
        edge, dtype = EDGE.get(kind, FAR), posterior.params[name].dtype
        ends = [np.asarray(x)[k] for x in posterior.given.places]
        x = np.clip(line[..., k], -edge, edge).astype(dtype)
        found[name] = np.asarray(_links.to_natural(kind, x, *ends)).astype(dtype)
    return found


def _squares(line: np.ndarray, mean: np.ndarray, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The squared distance in units of a covariance's factor, and the logarithm of its determinant's root."""
    inverse = np.linalg.inv(factor)
    off = line - mean
    if line.shape[0] == 1:  # draws of the group first, then points
        scaled = np.einsum("skl,sml->smk", inverse, off, optimize=True)
    else:
        scaled = np.einsum("...kl,m...l->m...k", inverse, off)
    volume = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)
    return np.square(scaled).sum(axis=-1), volume[:, None] if line.shape[0] == 1 else volume


def _log_normal(line: np.ndarray, mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    square, volume = _squares(line, mean, factor)
    return -square / 2 - volume - line.shape[-1] / 2 * np.log(2 * np.pi)


def _log_t(line: np.ndarray, mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    from scipy.special import gammaln

    n, (square, volume) = line.shape[-1], _squares(line, mean, factor)
    constant = gammaln((DEGREES + n) / 2) - gammaln(DEGREES / 2) - n / 2 * np.log(DEGREES * np.pi)
    return constant - volume - (DEGREES + n) / 2 * np.log1p(square / DEGREES)
