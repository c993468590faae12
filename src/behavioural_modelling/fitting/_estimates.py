"""From where the search ended to what is reported: estimates, their errors, and what went wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..likelihood import log_likelihood
from ..trials import Trials
from . import _kinks, _newton, _problems, _programs, _space, _weak
from ._ends import Ends
from ._search import Found, Task

__all__: list[str] = []

AGREE = 0.01
"""Two starts agree when they end within this of each other, in units of log-probability."""

AT_LIMIT = 0.1
"""This close to the end of the search counts as there: steps towards it get ever shorter."""

NEAR = 5.0
"""An estimate this close to a bound, in its coordinate, is tried on the bound."""


def described(task: Task, found: Found) -> dict[str, Any]:
    """The fields of a `Fit`: what the best start of each subject says, and how the others compare with it."""
    known = found.value > _newton.nowhere(found.value.dtype)
    values = np.where(known, found.value, -np.inf)
    lane = Found(*(_taken(a, values.argmax(axis=1)) for a in found))
    ends = _ends(task, lane)
    n_scored, n_trials = count_trials(task.trials)
    unknown = (n_scored == 0) | ~known.any(axis=1)
    converged = ~unknown & (~_kinks.promises(lane.promise, lane.value) | lane.at_kink)
    weak = _weak.what_is_open(task.space, ends, lane.x, partial(_cost, task, ends))
    covariance = _covariance(task.space, ends, weak.unknown)
    said = _problems.Said(n_scored, unknown, converged, lane.at_kink)
    blank = lambda a: np.where(unknown.reshape(-1, *[1] * (a.ndim - 1)), np.nan, a)  # noqa: E731
    held = ends.at_bound | ends.at_limit
    return {
        "params": {name: blank(x) for name, x in ends.params.items()},
        "log_likelihood": np.where((n_scored > 0) & unknown, np.nan, ends.log_likelihood),
        "log_prob": blank(ends.log_likelihood + ends.log_prior),
        **_of_all_parameters(task, blank(covariance), ends.at_bound & ~unknown),
        "converged": converged,
        "gradient_norm": blank(np.linalg.norm(np.where(held, 0, lane.slope), axis=0)),
        "n_agree": np.where(unknown, 0, (values >= values.max(axis=1, keepdims=True) - AGREE).sum(axis=1)),
        "start_log_prob": blank(np.where(known, found.value, np.nan)),
        "n_trials": n_trials,
        "n_parameters": np.full(len(unknown), len(task.space.axes)),
        "problem": _problems.in_words(task.space, ends, weak, covariance, said),
    }


def _taken(a: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Each subject's best start, of an array whose last axes are subjects and starts."""
    return np.take_along_axis(a, best.reshape(*[1] * (a.ndim - 2), -1, 1), axis=-1)[..., 0]


def count_trials(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """How many trials of each subject are scored, and how many of these offered more than one action."""
    scored = np.ones(trials.shape, bool) if trials.mask is None else np.asarray(trials.mask)
    free = scored if trials.available is None else scored & (trials.available.sum(axis=-1) > 1)
    return scored.sum(axis=1), free.sum(axis=1)


def _ends(task: Task, lane: Found) -> Ends:
    """Natural parameters, each put on a bound that it came close to where that is no worse."""
    axes, place = task.space
    found = {name: np.asarray(x) for name, x in _space.natural(lane.x, axes, place).items()} | task.fixed
    params = {parameter.name: found[parameter.name] for parameter in task.model.parameters}
    scored, prior = _scored(task, params)
    at_bound, at_limit, excluded = (np.zeros(lane.x.shape, bool) for _ in range(3))
    for k, ((name, *_), x) in enumerate(zip(axes, lane.x, strict=True)):
        bound = np.where(x < 0, place.lower[k], place.upper[k])
        excluded[k] = _excluded(task, name, place.lower[k])
        near = (np.abs(x) > NEAR) & np.isfinite(bound) & ~(excluded[k] & (x < 0))
        on_it = params | {name: np.where(near, bound, params[name]).astype(x.dtype)}
        scored_on_it, prior_on_it = _scored(task, on_it) if near.any() else (scored, prior)
        # Right at a bound a model may leave a choice no chance at all, or a prior the bound itself.
        at_bound[k] = near & (scored_on_it + prior_on_it >= scored + prior - _newton.TOLERANCE)
        params[name] = np.where(at_bound[k], on_it[name], params[name])
        scored = np.where(at_bound[k], scored_on_it, scored)
        prior = np.where(at_bound[k], prior_on_it, prior)
        at_limit[k] = (np.abs(x) > _space.bounds(axes, x.dtype)[1][k] - AT_LIMIT) & ~at_bound[k]
    return Ends(params, scored, prior, at_bound, at_limit, excluded, lane.curvature)


def _cost(task: Task, ends: Ends, moved: dict[str, np.ndarray]) -> np.ndarray:
    """How much the log-probability falls when some parameters have other values."""
    there = ends.params | {name: x.astype(ends.params[name].dtype) for name, x in moved.items()}
    value = np.nan_to_num(sum(_scored(task, there)), nan=-np.inf, neginf=-np.inf)
    return ends.log_likelihood + ends.log_prior - value


def _scored(task: Task, params: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The log-likelihood and the log-density of the priors."""
    likelihood = np.asarray(log_likelihood(task.model, params, task.trials))
    prior = np.asarray(_programs.log_prior(task.priors, params))
    return likelihood, np.broadcast_to(prior, likelihood.shape).astype(likelihood.dtype)


def _excluded(task: Task, name: str, lower: np.ndarray) -> np.ndarray:
    """Whether the parameter may not take the value of its lower bound."""
    parameter = next(p for p in task.model.parameters if p.name == name)
    return parameter.above & (lower == parameter.lower)


def _covariance(space: _space.Space, ends: Ends, unknown: np.ndarray) -> np.ndarray:
    """The inverse of the curvature in natural parameters, shape (n_subjects, n, n).

    The slope is 0 at a maximum, so the curvature needs only the transform's own slope. A parameter at a
    bound, or of which the data say nothing, is held fixed, and has no error.
    """
    slope = np.stack(
        [
            _space.slope(axis.kind, ends.params[axis.name], *(a[k] for a in space.place))
            for k, axis in enumerate(space.axes)
        ],
        axis=-1,
    ).astype(float)
    left_out, n = (ends.at_bound | unknown).T, len(space.axes)
    information = -np.moveaxis(ends.curvature, -1, 0).astype(float)
    information = np.where(np.isfinite(information), information, 0)
    information[left_out[:, :, None] | left_out[:, None, :]] = 0
    information[:, range(n), range(n)] += left_out
    usable = np.linalg.eigvalsh(information).min(axis=1) > 0
    inverse = np.linalg.inv(np.where(usable[:, None, None], information, np.eye(n)))
    # A curvature that is all but flat along a ridge may be inverted to a negative variance.
    usable &= (np.einsum("skk->sk", inverse) > 0).all(axis=1)
    without = left_out[:, :, None] | left_out[:, None, :] | ~usable[:, None, None]
    covariance = inverse * slope[:, :, None] * slope[:, None, :]
    return np.where(without, np.nan, covariance).astype(ends.curvature.dtype)


def _of_all_parameters(task: Task, covariance: np.ndarray, at_bound: np.ndarray) -> dict[str, Any]:
    """What is known of the free parameters, for all: those that are fixed have no error and no bound."""
    names = [parameter.name for parameter in task.model.parameters]
    free = [names.index(axis.name) for axis in task.space.axes]
    full = np.full((len(covariance), len(names), len(names)), np.nan, covariance.dtype)
    full[:, np.array(free)[:, None], free] = covariance
    bound = np.zeros((len(names), len(covariance)), bool)
    bound[free] = at_bound
    ranges = {name: np.stack([x, x], axis=-1) for name, x in task.fixed.items()}
    for k, (name, *_) in enumerate(task.space.axes):
        ranges[name] = np.stack([task.space.place.lower[k], task.space.place.upper[k]], axis=-1)
    return {
        "covariance": full,
        "standard_errors": {name: np.sqrt(full[:, k, k]) for k, name in enumerate(names)},
        "at_bound": dict(zip(names, bound, strict=True)),
        "ranges": {name: ranges[name] for name in names},
    }
