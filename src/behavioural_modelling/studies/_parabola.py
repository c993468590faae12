r"""A parabola in place of a person's log-likelihood: the one that fits best at the person's own draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ..posteriors import Posterior, _crowds
from . import _pointwise

__all__: list[str] = []

N_DRAWS = 2000
"""So many draws at most are fitted."""


class Site(NamedTuple):
    """A function of a person's latents: minus half of a square, and a slope. The constant is left out."""

    precision: Float[np.ndarray, "n_latents n_latents"]
    slope: Float[np.ndarray, "n_latents"]

    def log_density(self, x: Float[np.ndarray, "n_points n_latents"]) -> Float[np.ndarray, "n_points"]:
        """The value at some points; without the constant it is no density by itself."""
        return x @ self.slope - np.einsum("mk,kl,ml->m", x, self.precision, x) / 2


def site(posterior: Posterior, i: int) -> Site:
    """The parabolas of all rows of person i, in the person's latents."""
    n = len(posterior.form.latents)
    precision, slope = np.zeros((n, n)), np.zeros(n)
    for row in _pointwise.rows_of(posterior, np.array([i]))[0]:
        by_latents = design(posterior, row)
        curvature, pull = _of_row(_line(posterior, row), posterior.log_likelihood[:, :, row])
        precision += by_latents.T @ curvature @ by_latents
        slope += by_latents.T @ pull
    return Site(precision, slope)


def design(posterior: Posterior, row: int) -> Float[np.ndarray, "n_parameters n_latents"]:
    """What a row's parameters are on the line, of the person's latents."""
    each = np.concatenate([[1.0], np.asarray(posterior.given.design, float)[row]])
    return np.kron(each, np.eye(len(posterior.form.names)))


def of_rows(
    posterior: Posterior,
    latents: Float[np.ndarray, "n_points n_rows n_latents"],
    rows: Int[np.ndarray, "n_rows"],
) -> Float[np.ndarray, "n_points n_rows n_parameters"]:
    """Each row's parameters on the line."""
    return np.einsum("mrl,rkl->mrk", latents, np.stack([design(posterior, row) for row in rows]))


def _line(posterior: Posterior, row: int) -> Float[np.ndarray, "n_draws n_parameters"]:
    """A row's draws on the line."""
    form, given = posterior.form, posterior.given
    draws = [_pointwise.flat(posterior.params[name][:, :, row], N_DRAWS) for name in form.names]
    return np.stack([_crowds._to_line(form, given, k, x) for k, x in enumerate(draws)], axis=-1)


def _of_row(line: np.ndarray, log_likelihood: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curvature and slope at 0 of the parabola. Along a direction in which it has no top it is made flat."""
    told = _pointwise.flat(log_likelihood, N_DRAWS).astype(float)
    told = np.nan_to_num(told, nan=0, neginf=told.min(where=np.isfinite(told), initial=0))
    center, scale = line.mean(axis=0), line.std(axis=0) + 1e-6
    x = (line - center) / scale
    i, j = np.triu_indices(x.shape[1])
    columns = np.concatenate([np.ones((len(x), 1)), x, x[:, i] * x[:, j]], axis=1)
    found, n = np.linalg.lstsq(columns, told, rcond=None)[0], x.shape[1]
    square = np.zeros((n, n))
    square[i, j] = -found[1 + n :]
    values, vectors = np.linalg.eigh(square + square.T)
    curvature = (vectors * np.maximum(values, 0)) @ vectors.T
    slope = vectors @ ((values > 0) * (vectors.T @ found[1 : 1 + n]))
    curvature, slope = curvature / np.outer(scale, scale), slope / scale
    return curvature, slope + curvature @ center
