r"""The group from its people and the people from the group, in turns, until neither moves.

Plain turns, in which the group becomes what its people are, are slow where people say little: each goes
only the share of the way that people's own data have in their estimates. That share is known, so a turn
can go the whole way: it is Fisher's scoring, and it stands still where plain turns do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from .. import _checks, _parameters
from ..fitting import _space
from ..fitting._given import checked_fixed
from ..fitting._search import Task
from ..models import Model
from ..trials import Trials
from . import _given
from ._laplace import Group, Modes

__all__: list[str] = []

LEAST_SPREAD = 0.01
"""The smallest spread of people on the line, in the units of `first_group`: less could not be told from
none."""

LONGEST = 2.0
"""The furthest that the mean goes in one turn, in units of the spread or of its own error."""

FURTHEST = 1.0
"""The furthest that the logarithm of a variance goes in one turn."""

LITTLE = 0.1
"""So much information, in people who are fully known, is added to what there is, or the last steps would
be noise."""

SLACK = 1.0
"""If the log-evidence of all falls by more than this, a turn went too far. It is not quite what turns
raise: they end where Laplace's approximation to its slope is 0, not the slope of Laplace's approximation."""

WIDTH = {_space.INTERVAL: 1.0, _space.LINE: 1.0}
"""The spread of people to begin with: even over a range on the probit."""


class Turns(NamedTuple):
    """How the turns ended.

    Attributes:
        group: The group.
        modes: The people under it.
        n: How many turns there were.
        promise: By how much another one would raise the log-evidence.
    """

    group: Group
    modes: Modes
    n: int
    promise: float


def task_of(model: Model, trials: Trials, ranges: Any, fixed: Any) -> Task:
    """Whose modes are looked for and where, everything checked."""
    trials = _given._checked_data(model, trials)
    fixed = checked_fixed(fixed, {}, model, trials)
    ends = _ranges(ranges, model)
    low, width = _given._outcome_range(trials)
    axes, places = [], []
    for parameter in model.parameters:
        if parameter.name not in fixed:
            lower, upper = ends[parameter.name]
            axes.append(_space.Axis(parameter.name, _space.kind(lower, upper), (lower, upper)))
            places.append((lower, upper, _given._unit(parameter, width)))
    dtype = _parameters.precision({}, trials.outcomes, trials.responses)
    everyone = np.ones(trials.shape[0])
    place = _space.Place(*(np.outer(column, everyone).astype(dtype) for column in np.array(places).T))
    return Task(model, trials, _space.Space(tuple(axes), place), {}, fixed)


def _ranges(ranges: Any, model: Model) -> dict[str, tuple[float, float]]:
    """Between which ends each parameter may lie: its own ones, or narrower ones that are given."""
    found = {p.name: (float(p.lower), float(p.upper)) for p in model.parameters}
    if not isinstance(ranges if ranges is not None else {}, Mapping):
        _checks.fail("ranges", f"None, or a dict with some of {', '.join(found)}", type(ranges).__name__)
    for name, pair in (ranges or {}).items():
        if name not in found:
            _checks.fail("ranges", f"some of {', '.join(found)}", f"unknown {name!r}")
        label, (lower, upper) = f"ranges[{name!r}]", found[name]
        low, high = (float(x) for x in _checks.pair(label, pair))
        if not lower <= low < high <= upper:
            _checks.fail(
                label, f"two numbers in [{lower:g}, {upper:g}], the smaller first", f"{low:g}, {high:g}"
            )
        found[name] = low, high
    return found


def first_group(task: Task) -> Group:
    """A wide group, in the middle of what is possible."""
    low, width = _given._outcome_range(task.trials)
    units = {parameter.name: parameter.unit for parameter in task.model.parameters}
    middle = [
        (low + width / 2) / width if axis.kind == _space.LINE and units[axis.name] == "value" else 0.0
        for axis in task.space.axes
    ]
    spread = np.array([WIDTH.get(axis.kind, 1.5) for axis in task.space.axes])
    return Group(np.array(middle), np.diag(spread**2))


def pooled(modes: Modes, weights: Float[np.ndarray, "n_subjects"], correlations: bool) -> Group:
    """The group that the people make, each counted so much: the moments of all their posteriors together."""
    share = weights / weights.sum()
    mean = share @ modes.line
    off = modes.line - mean
    covariance = np.einsum("s,sj,sk->jk", share, off, off) + np.einsum("s,sjk->jk", share, modes.covariance)
    return Group(mean, _with_floor(covariance if correlations else np.diag(np.diagonal(covariance))))


def until_still(people: Callable, turn: Callable, group: Group, *, tolerance: float, max_turns: int) -> Turns:
    """Turns until the next one promises next to nothing, or for as many as there may be.

    `people(group)` gives the people under a group; `turn(group, modes, share)` the group that a share of a
    step leads to, what the step promises, and the group after a plain turn.
    """
    n, share, height, fallback, best, highest = 0, 1.0, -np.inf, group, None, -np.inf
    while True:
        modes, n = people(group), n + 1
        total = float(np.nansum(modes.log_evidence))
        new, promise, plain = turn(group, modes, share)
        here = Turns(group, modes, n, promise)
        if share == 1 and promise < tolerance:
            return here
        best, highest = (here, total) if total > highest else (best, highest)
        if n >= max_turns:
            return (best or here)._replace(n=n)
        too_far = total < height - SLACK
        group, share = (fallback, max(share / 4, 1 / 64)) if too_far else (new, min(2 * share, 1.0))
        height, fallback = (-np.inf, fallback) if too_far else (total, plain)


def stepped(
    group: Group, modes: Modes, weights: np.ndarray, correlations: bool, share: float
) -> tuple[Group, float]:
    r"""A share of a step of Fisher's scoring, and by how much it promises to raise the log-evidence.

    In units in which the group is standard normal, :math:`z_i` is a person's mode, :math:`C_i` what is
    left open and :math:`R_i = I - C_i` what the data tell. The slopes are :math:`\sum_i z_i` for the mean and
    :math:`\frac12 \sum_i (z_i z_i^\top + C_i - I)` for the logarithm of the covariance; the informations are
    :math:`\sum_i R_i` and :math:`\frac12 \sum_i R_i \otimes R_i`.
    """
    root, n = np.linalg.cholesky(group.covariance), len(group.mean)
    inverse, eye = np.linalg.inv(root), np.eye(n)
    z, open_ = (modes.line - group.mean) @ inverse.T, inverse @ modes.covariance @ inverse.T
    told = eye - open_
    pull, sharp = weights @ z, np.einsum("s,sjk->jk", weights, told)
    stretch = np.einsum("s,sj,sk->jk", weights, z, z) + np.einsum("s,sjk->jk", weights, open_ - eye)
    both = np.einsum("s,sac,sbd->abcd", weights, told, told).reshape(n * n, n * n)
    move = share * np.linalg.solve(sharp + LITTLE * eye, pull)
    move /= max(
        1, np.max(np.abs(move) / LONGEST / np.maximum(1, 1 / np.sqrt(np.maximum(np.diagonal(sharp), 1e-3))))
    )
    entries = np.arange(n * n) if correlations else np.arange(n) * (n + 1)
    change = np.zeros(n * n)
    information = both[np.ix_(entries, entries)] + LITTLE * np.eye(len(entries))
    change[entries] = share * np.linalg.solve(information, stretch.ravel()[entries])
    covariance = _with_floor(root @ _exponential(change.reshape(n, n)) @ root.T)
    change = (inverse @ covariance @ inverse.T - eye).ravel()
    promise = pull @ move - move @ sharp @ move / 2
    promise += stretch.ravel() @ change / 2 - change @ both @ change / 4
    return Group(group.mean + root @ move, covariance), abs(float(promise))


def _exponential(change: np.ndarray) -> np.ndarray:
    """The exponential of a symmetric matrix, of which no direction grows or shrinks too much at once."""
    sizes, axes = np.linalg.eigh((change + change.T) / 2)
    return axes * np.exp(np.clip(sizes, -FURTHEST, FURTHEST)) @ axes.T


def _with_floor(covariance: np.ndarray) -> np.ndarray:
    """A covariance that is nowhere narrower than the least spread."""
    sizes, axes = np.linalg.eigh(covariance)
    return axes * np.maximum(sizes, LEAST_SPREAD**2) @ axes.T


def bar(progress: bool | None, description: str) -> Any:
    """A progress bar over turns; unless asked for, it shows after some seconds."""
    from tqdm import tqdm

    delay = 10 if progress is None else 0
    return tqdm(desc=description, unit=" turns", delay=delay, disable=progress is False, leave=False)
