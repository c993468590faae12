"""What went wrong with a fit, in words: what the data leave open, and where the search itself ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import _space

if TYPE_CHECKING:
    from ._estimates import Ends

__all__: list[str] = []

FLAT = 0.05
"""Curvature, per squared unit of a logit or a logarithm, below which the data hardly say anything along a
direction: a standard error of more than four units, which is a factor of 80."""

NOTHING = 1e-3
"""Curvature below which they say nothing at all, and there is no standard error."""

INVOLVED = 0.05
"""The share of a direction's squared length that makes a parameter part of it."""

ALONE = 0.98
"""The share of a parameter that lies in flat directions, above which it is flat by itself."""

NO_TRIAL = "no scored trial"
NOT_A_NUMBER = "the log-probability is not a number"
NOT_CONVERGED = "not converged"
AT_KINK = "at a kink"
NO_ERRORS = "no standard errors: the curvature is not that of a maximum"


class Weak(NamedTuple):
    """Along which directions the log-probability hardly bends.

    Attributes:
        share: How much of each coordinate lies in such directions, shape (n_parameters, n_subjects).
        direction: The one direction where there is one, shape (n_parameters, n_subjects); NaN else.
        involved: Which parameters are part of a weak direction.
        unknown: Which are part of a direction of which nothing is known at all.
    """

    share: np.ndarray
    direction: np.ndarray
    involved: np.ndarray
    unknown: np.ndarray


class Said(NamedTuple):
    """What else is known of each subject: see `Fit`, and `idle` of the parameters on a bound."""

    n_scored: np.ndarray
    unknown: np.ndarray
    converged: np.ndarray
    at_kink: np.ndarray
    idle: np.ndarray


def weak_directions(curvature: np.ndarray, at_bound: np.ndarray) -> Weak:
    """Where the smallest sizes of the curvature lie, without the parameters on a bound."""
    information = -np.moveaxis(curvature, -1, 0).astype(float)
    information = np.where(np.isfinite(information), information, 0)
    held, n = at_bound.T, at_bound.shape[0]
    information[held[:, :, None] | held[:, None, :]] = 0
    information[:, range(n), range(n)] += 1e6 * held
    size, along = np.linalg.eigh(information)
    share, nothing = (np.einsum("ske,se->ks", along**2, np.abs(size) < least) for least in (FLAT, NOTHING))
    weak = np.abs(size) < FLAT
    direction = np.where(weak.sum(axis=1) == 1, np.einsum("ske,se->ks", along, weak), np.nan)
    return Weak(share, direction, share > INVOLVED, nothing > INVOLVED)


def in_words(space: _space.Space, ends: Ends, weak: Weak, covariance: np.ndarray, said: Said) -> np.ndarray:
    """What went wrong with each subject, in a few words; nothing where all is well."""
    return np.array([_of_one(space, ends, weak, covariance, said, i) for i in range(len(said.unknown))])


def _of_one(space, ends, weak, covariance, said, i):
    if said.unknown[i]:
        return NO_TRIAL if said.n_scored[i] == 0 else NOT_A_NUMBER
    names = np.array([name for name, _ in space.axes])
    # On a ridge or at the limit of the search a step that keeps no promise is a matter of rounding.
    smooth = weak.involved[:, i] | ends.at_limit[:, i]
    free = ~ends.at_bound[:, i] & ~weak.unknown[:, i]
    flat = (weak.share[:, i] > ALONE) | said.idle[:, i]
    reasons = [
        *([] if said.converged[i] else [NOT_CONVERGED]),
        *([AT_KINK] if said.at_kink[i] and not smooth.any() else []),
        *([f"flat in {', '.join(names[flat])}"] if flat.any() else []),
        *_ridge(space, ends, weak, weak.involved[:, i] & ~flat, i),
        *(f"{name} at the limit of the search" for name in names[ends.at_limit[:, i]]),
        *([NO_ERRORS] if np.isnan(np.diagonal(covariance[i])[free]).any() else []),
    ]
    return "; ".join(reasons)


def _ridge(space, ends, weak, involved, i):
    """What parameters trade off against each other, and which products of them are known all the same."""
    which = np.flatnonzero(involved)
    if not len(which):
        return []
    names = [space.axes[k][0] for k in which]
    terms = [_term(space, ends, k, i) for k in which]
    along = weak.direction[which, i]
    if len(which) == 1 or np.isnan(along).any() or None in terms:
        return [f"on a ridge of {', '.join(names)}"]
    rates = [a * rate for a, (_, _, rate) in zip(along, terms, strict=True)]
    pivot = max(range(len(which)), key=lambda j: (space.axes[which[j]][1] != _space.INTERVAL, abs(rates[j])))
    if not all(np.abs(rates) > 0.1 * np.abs(rates).max()):
        return [f"on a ridge of {', '.join(names)}"]
    known = [
        _product(terms[j], terms[pivot], -rates[j] / rates[pivot]) for j in range(len(which)) if j != pivot
    ]
    return [f"on a ridge: only {' and '.join(known)} can be told"]


def _term(space, ends, k, i):
    """A parameter as a factor: its name, its value, and how its logarithm changes with the coordinate."""
    name, kind = space.axes[k]
    lower, upper, y = space.place.lower[k, i], space.place.upper[k, i], ends.params[name][i]
    if kind == _space.LINE:
        return None
    if kind == _space.BELOW:
        return f"({upper:g} - {name})", upper - y, 1.0
    if kind == _space.ABOVE:
        return name if lower == 0 else f"({name} - {lower:g})", y - lower, 1.0
    share = (y - lower) / (upper - lower)
    if share > 0.5:
        return f"({upper:g} - {name})", upper - y, -share
    return name if lower == 0 else f"({name} - {lower:g})", y - lower, 1 - share


def _product(one, other, power):
    """The product of two factors that stays the same along the ridge, and its value."""
    (name, value, _), (other_name, other_value, _) = one, other
    power = round(power) if abs(power - round(power)) < 0.15 and round(power) else power
    result = value * other_value**power
    if power < 0:
        name, power = f"{name} / {other_name}", -power
    else:
        name = f"{name} x {other_name}"
    return f"{name}{'' if power == 1 else f'^{power:.2g}'} = {result:.3g}"
