"""The same task played many times over, and what statistics make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Key

from .. import _checks
from ..models import Model, Parameter
from ..tasks import Schedule, Task
from ..trials import Trials
from . import _synthetic

__all__: list[str] = []

MOST_TRIALS = 4_000_000
"""So many trials are simulated at once: more would need gigabytes."""

Statistics = Mapping[str, Callable[[Trials], Any]]


def replicated(
    key: Key[Array, ""],
    model: Model,
    params: dict[str, Float[np.ndarray, "n_draws n_rows"]],
    task: Schedule | Task,
    statistics: Statistics,
) -> dict[str, np.ndarray]:
    """The statistics of each replication, arrays of shape (n_draws, n_rows, ...)."""
    n_draws, n_rows = next(iter(params.values())).shape
    at_once = max(1, MOST_TRIALS // (n_rows * task.n_trials))
    at_once = -(-n_draws // -(-n_draws // at_once))
    parts = []
    for first in range(0, n_draws, at_once):
        which = np.arange(first, first + at_once) % n_draws  # the last call is of the same shape
        some = {name: x[which] for name, x in params.items()}
        trials = played(jax.random.fold_in(key, first), model, some, task)
        found = {name: computed(name, f, trials) for name, f in statistics.items()}
        parts.append({name: x.reshape(at_once, n_rows, *x.shape[1:]) for name, x in found.items()})
    return {name: np.concatenate([part[name] for part in parts])[:n_draws] for name in statistics}


def played(key: Key[Array, ""], model: Model, params: dict[str, Any], task: Schedule | Task) -> Trials:
    """What everybody does: the rows of the first replication, then those of the second, and so on."""
    n_draws = len(next(iter(params.values())))
    flat = {name: x.reshape(-1) for name, x in params.items()}
    return _synthetic.trials(key, model, flat, repeated(task, n_draws))


def repeated(task: Schedule | Task, n_draws: int) -> Schedule | Task:
    """A schedule for so many times its subjects. What all share stays shared."""
    if isinstance(task, Task):
        return task
    times = lambda x: x if len(x) == 1 else np.tile(np.asarray(x), (n_draws, *[1] * (x.ndim - 1)))  # noqa: E731
    return jax.tree.map(times, task)


def checked(statistics: Any) -> Statistics:
    """A dict from names to functions."""
    good = isinstance(statistics, Mapping) and statistics and all(map(callable, statistics.values()))
    if not good:
        received = type(statistics).__name__
        if isinstance(statistics, Mapping):
            received = ", ".join(f"{name}: {type(f).__name__}" for name, f in statistics.items()) or "none"
        _checks.fail("statistics", "a dict from names to functions of Trials", received)
    return statistics


def computed(name: str, statistic: Callable[[Trials], Any], trials: Trials) -> np.ndarray:
    """A statistic of each subject, (n_subjects,) or (n_subjects, n_parts)."""
    found = np.asarray(statistic(trials))
    n = trials.shape[0]
    if found.dtype.kind not in "fiub" or found.ndim not in (1, 2) or len(found) != n:
        expected = f"numbers by subject, shape ({n},) or ({n}, n_parts)"
        _checks.fail(f"statistics[{name!r}]", expected, f"{found.dtype} values of shape {found.shape}")
    return found.astype(float)


def in_the_middle(parameter: Parameter) -> float:
    """A value that a parameter may have."""
    lower, upper = parameter.lower, parameter.upper
    if np.isfinite(lower) and np.isfinite(upper):
        return (lower + upper) / 2
    return lower + 1 if np.isfinite(lower) else upper - 1 if np.isfinite(upper) else 0.0


def over_people(x: np.ndarray, axis: int) -> np.ndarray:
    """The mean over subjects who have a number; NaN, without a warning, where nobody has."""
    known = np.isfinite(x)
    n = known.sum(axis=axis)
    return np.where(n > 0, np.where(known, x, 0).sum(axis=axis) / np.maximum(n, 1), np.nan)


def quantiles(x: np.ndarray, shares: list[float]) -> np.ndarray:
    """Quantiles over draws that have a number."""
    known, nothing = [column[np.isfinite(column)] for column in x.T], np.full(len(shares), np.nan)
    return np.stack([np.quantile(c, shares) if len(c) else nothing for c in known], axis=-1)
