"""What the data leave open: parameters that hardly matter, and ridges along which several trade off.

A small curvature, on the scale of the search, is where to look; whether the log-probability stays the same
is then seen by going there. Close to a bound a logit or a logarithm is stretched and its curvature small,
though it may be well known that the bound is close.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import _space
from ._ends import Ends

__all__: list[str] = []

FLAT = 0.05
"""Curvature, per squared unit of a logit or a logarithm, below which the data hardly say anything along a
direction: a standard error of more than four units, which is a factor of 80."""

NOTHING = 1e-3
"""Curvature below which they say nothing at all, and there is no standard error."""

INVOLVED = 0.05
"""The share of a direction's squared length that makes a parameter part of it."""

ALONE = 0.98
"""The share of a parameter that lies in flat directions, above which it is looked at by itself."""

COSTS = 0.1
"""In units of log-probability, what going elsewhere may cost where the data leave it open."""

CLOSE = 2.0
"""How far out a coordinate is close to a bound: within an eighth of the range."""

ALONG = 2.0
"""How far a ridge must go to both sides: two units of a logit or a logarithm, a factor of 7."""


class Weak(NamedTuple):
    """What is open, by parameter and subject.

    Attributes:
        flat: Any value does as well, the other parameters held.
        below: Any lower value does as well, and there is no lower bound that could be the estimate.
        above: The same of higher values.
        ridge: Which parameters trade off along the one direction that is open.
        vague: Which others take part in a direction of hardly any curvature, and are not close to a bound.
        direction: That direction, in coordinates of the search; 0 where there is none.
        unknown: Which parameters have no curvature to speak of.
    """

    flat: np.ndarray
    below: np.ndarray
    above: np.ndarray
    ridge: np.ndarray
    vague: np.ndarray
    direction: np.ndarray
    unknown: np.ndarray


def what_is_open(space: _space.Space, ends: Ends, x: np.ndarray, cost: Callable) -> Weak:
    """Look where the curvature is small.

    Args:
        space: The space of the search.
        ends: What is reported, and the curvature.
        x: Where the best lanes ended, shape (n_parameters, n_subjects).
        cost: How much the log-probability falls from what is reported when some parameters have other
            values, a function of such a dict.
    """
    size, along = _eigen(ends.curvature, ends.at_bound)
    share, unknown = (np.einsum("ske,se->ks", along**2, np.abs(size) < least) for least in (FLAT, NOTHING))
    one = (np.abs(size) < FLAT).sum(axis=1) == 1
    direction = np.where(one, along[np.arange(len(one)), :, np.abs(size).argmin(axis=1)].T, 0)
    alone = (share > ALONE) | ends.at_bound
    flat, below, above = _by_themselves(space, ends, alone, cost)
    candidates = (share > INVOLVED) & ~alone
    ridge = candidates & _is_a_ridge(space, candidates & one, x, direction, cost)
    left = (share > INVOLVED) & ~(ends.at_bound | flat | below | above | ridge)
    vague = left & ~_close_to_a_bound(space, ends, left, x, cost)
    return Weak(flat, below, above, ridge, vague, direction, unknown > INVOLVED)


def _eigen(curvature: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors of minus the curvature, without the parameters that are held."""
    information, held, n = -np.moveaxis(curvature, -1, 0).astype(float), held.T, len(held)
    information = np.where(np.isfinite(information), information, 0)
    information[held[:, :, None] | held[:, None, :]] = 0
    information[:, range(n), range(n)] += held / FLAT
    return np.linalg.eigh(information)


def _by_themselves(space, ends, alone, cost):
    """Which of the parameters to be looked at alone are open to all sides, to the lower and to the upper."""
    flat, below, above = alone.copy(), alone & ~ends.at_bound, alone & ~ends.at_bound
    for k in np.flatnonzero(alone.any(axis=1)).tolist():
        name, edge = space.axes[k].name, _space.bounds(space.axes, float)[1][k, 0]
        for x in (-2.0, 0.0, 2.0):
            flat[k] &= cost({name: _space.at(space, k, x)}) < COSTS
        for side, open_end in ((-1, below), (1, above)):
            known = np.isfinite((space.place.lower if side < 0 else space.place.upper)[k])
            open_end[k] &= (~known | ends.excluded[k]) & (
                cost({name: _space.at(space, k, side * edge)}) < COSTS
            )
    return flat, below & ~flat, above & ~flat


def _is_a_ridge(space, candidates, x, direction, cost):
    """Whether going along the direction costs little to both sides, as far as the search goes."""
    ridge, edge = candidates.any(axis=0), _space.bounds(space.axes, x.dtype)[1]
    for side in (-1, 1) if ridge.any() else ():
        way = side * direction * candidates
        room = np.min((edge - np.sign(way) * x) / np.maximum(np.abs(way), 1e-9), axis=0)
        there = (x + way * np.clip(room, 0, ALONG)).astype(x.dtype)
        moved = {name: np.asarray(y) for name, y in _space.natural(there, *space).items()}
        ridge = ridge & (cost(moved) < COSTS * ALONG)
    return ridge


def _close_to_a_bound(space, ends, which, x, cost):
    """Which of some parameters are close to a bound that would do as well."""
    close = which & (np.abs(x) > CLOSE)
    for k in np.flatnonzero(close.any(axis=1)):
        bound = np.where(x[k] < 0, space.place.lower[k], space.place.upper[k])
        close[k] &= np.isfinite(bound) & ~(ends.excluded[k] & (x[k] < 0))
        on_it = np.where(close[k], bound, ends.params[space.axes[k].name])
        close[k] &= cost({space.axes[k].name: on_it}) < COSTS
    return close
