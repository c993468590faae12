"""Where the climb stops without a slope of 0: on a kink, or short of the top.

With two learning rates the likelihood has a corner wherever a prediction error changes its sign, and maxima
lie on corners. There Newton's step promises a gain that no step keeps. So it is looked around: where
no small step gains, the place is a maximum; where one does, the climb goes on.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from .._types import AnyArray
from . import _newton
from ._search import Search, search_bounds

__all__: list[str] = []

CONVERGED = 1e-3
"""A climb is at its end when no step gains more than this, in units of log-probability."""

PROBES, BEST, STAGES = 128, 16, 4
"""How many small steps are tried, along how many of the best directions the next ones go, and how often."""

SHORTEST, LONGEST = 1e-3, 0.3
"""How long they are, in units of a logit or a logarithm."""

ROUNDS = 6
"""How often a climb that was taken up again may stop and be looked at once more."""


def promises(promise: AnyArray, value: AnyArray) -> Bool[np.ndarray, "..."]:
    """Whether a step is said to gain more than nothing, and more than the rounding of the value."""
    rounding = 32 * np.finfo(value.dtype).eps * np.abs(value)
    return ~(np.asarray(promise) < np.maximum(CONVERGED, rounding))


def settle(search: Search) -> Bool[np.ndarray, "n_lanes"]:
    """Go on with each subject's best climb where a small step gains, and say which are at a kink."""
    lanes, at_kink = search.lanes, np.zeros(search.lanes.done.shape, bool)
    for _ in range(ROUNDS):
        best = search.best()
        known = lanes.value[best] > _newton.nowhere(lanes.value.dtype)
        stopped = best[known & promises(lanes.promise[best], lanes.value[best]) & ~at_kink[best]]
        if not len(stopped):
            break
        x, gain = _looked_around(search, stopped)
        gains = promises(gain, lanes.value[stopped])
        at_kink[stopped[~gains]] = True
        _go_on(search, stopped[gains], x[:, gains])
    return at_kink


def _directions(n: int) -> Float[np.ndarray, "n_parameters n_probes"]:
    """Directions to all sides, each with its opposite; the same for everybody."""
    directions = np.random.default_rng(0).normal(size=(n, PROBES // 2))
    return np.concatenate([directions, -directions], axis=1)


def _looked_around(search: Search, stopped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best of some small steps from where each of the lanes stopped, and what it gains.

    A corner falls off steeply to all sides but along its edge: so each stage goes on from the directions in
    which the one before lost least for the length of the step.
    """
    n, dtype = len(search.lanes.x), search.lanes.x.dtype
    lengths = np.resize(np.geomspace(SHORTEST, LONGEST, 8), PROBES)
    directions = np.broadcast_to(_directions(n)[:, None], (n, len(stopped), PROBES))
    x, gain = np.asarray(search.lanes.x)[:, stopped], np.zeros(len(stopped), dtype)
    rows = np.arange(len(stopped))
    for _ in range(STAGES):
        directions = directions / np.linalg.norm(directions, axis=0)
        there, gains = _tried(search, stopped, (directions * lengths).astype(dtype))
        best = gains.argmax(axis=1)
        better = gains[rows, best] > gain
        x = np.where(better, there[:, rows, best], x)
        gain = np.where(better, gains[rows, best], gain)
        directions = _along_the_best(directions, gains / lengths)
    return x, gain


def _tried(search, stopped, steps):
    """Where some steps lead, shape (n_parameters, n_lanes, n_probes), and what each gains."""
    lower, upper = search_bounds(search)
    x = np.clip(search.lanes.x[:, stopped, None] + steps, lower[..., None], upper[..., None])
    subjects = np.repeat(stopped // search.n_starts, PROBES)
    value = search.values(x.reshape(len(x), -1), subjects).reshape(len(stopped), -1)
    return x, np.nan_to_num(value, nan=-np.inf, neginf=-np.inf) - search.lanes.value[stopped, None]


def _along_the_best(directions, score):
    """New directions, spread as the best ones are."""
    best = np.argsort(-score, axis=1)[:, :BEST]
    some = np.take_along_axis(directions, best[None], axis=2)
    spread = np.einsum("nsp,msp->snm", some, some) / BEST + 1e-6 * np.eye(len(some))
    return np.einsum("snm,mp->nsp", np.linalg.cholesky(spread), _directions(len(some)))


def _go_on(search: Search, lanes: np.ndarray, x: np.ndarray) -> None:
    """Climb on from other places."""
    fresh = _newton.start(x)
    for all_lanes, new in zip(search.lanes, fresh, strict=True):
        all_lanes[..., lanes] = new
    for _ in range(2):
        list(search.climb(lanes[~search.lanes.done[lanes]]))
