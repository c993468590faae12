"""Where the climb stops without a slope of 0: on a kink, or short of the top.

With two learning rates the likelihood has a corner wherever a prediction error changes its sign, and maxima
lie on corners. There Newton's step promises a gain that no step keeps. So it is looked around: where
no small step gains, the place is a maximum; where one does, the climb goes on.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from . import _newton
from ._search import Search, search_bounds

__all__: list[str] = []

CONVERGED = 1e-3
"""A climb is at its end when no step gains more than this, in units of log-probability."""

PROBES = 64
"""How many small steps are tried."""

SHORTEST, WIDEST = 1e-3, 0.3
"""How long they are, in units of a logit or a logarithm."""

ROUNDS = 6
"""How often a climb that was taken up again may stop and be looked at once more."""


def promises(promise: np.ndarray, value: np.ndarray) -> Bool[np.ndarray, "..."]:
    """Whether a step is said to gain more than nothing, and more than the rounding of the value."""
    rounding = 32 * np.finfo(value.dtype).eps * np.abs(value)
    return ~(promise < np.maximum(CONVERGED, rounding))


def settle(search: Search) -> Bool[np.ndarray, "n_lanes"]:
    """Go on with each subject's best climb where a small step gains, and say which are at a kink."""
    lanes, at_kink = search.lanes, np.zeros(search.lanes.done.shape, bool)
    steps = _steps(len(lanes.x)).astype(lanes.x.dtype)
    for _ in range(ROUNDS):
        best = search.best()
        known = lanes.value[best] > _newton.nowhere(lanes.value.dtype)
        stopped = best[known & promises(lanes.promise[best], lanes.value[best]) & ~at_kink[best]]
        if not len(stopped):
            break
        x, gain = _looked_around(search, stopped, steps)
        gains = promises(gain, lanes.value[stopped])
        at_kink[stopped[~gains]] = True
        _go_on(search, stopped[gains], x[:, gains])
    return at_kink


def _steps(n: int) -> Float[np.ndarray, "n_parameters n_probes"]:
    """Small steps to all sides, each with its opposite; the same for everybody."""
    directions = np.random.default_rng(0).normal(size=(n, PROBES // 2))
    directions[:, :n] = np.eye(n)[:, : PROBES // 2]
    directions /= np.linalg.norm(directions, axis=0)
    lengths = np.resize(np.geomspace(SHORTEST, WIDEST, 8), PROBES // 2)
    return np.concatenate([directions * lengths, -directions * lengths], axis=1)


def _looked_around(search: Search, stopped: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best of some small steps from where each of the lanes stopped, and what it gains."""
    lower, upper = search_bounds(search)
    x = np.clip(search.lanes.x[:, stopped, None] + steps[:, None], lower[..., None], upper[..., None])
    subjects = np.repeat(stopped // search.n_starts, steps.shape[1])
    value = search.values(x.reshape(len(x), -1), subjects).reshape(len(stopped), -1)
    value = np.where(np.isnan(value), -np.inf, value)
    best, rows = value.argmax(axis=1), np.arange(len(stopped))
    return x[:, rows, best], value[rows, best] - search.lanes.value[stopped]


def _go_on(search: Search, lanes: np.ndarray, x: np.ndarray) -> None:
    """Climb on from other places."""
    fresh = _newton.start(x)
    for all_lanes, new in zip(search.lanes, fresh, strict=True):
        all_lanes[..., lanes] = new
    for _ in range(2):
        list(search.climb(lanes[~search.lanes.done[lanes]]))
