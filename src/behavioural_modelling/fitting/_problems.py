"""What went wrong with a fit, in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _space
from ._ends import Ends
from ._weak import Weak

__all__: list[str] = []

NO_TRIAL = "no scored trial"
NOT_A_NUMBER = "the log-probability is not a number"
NOT_CONVERGED = "not converged"
AT_KINK = "at a kink"
NO_ERRORS = "no standard errors: the curvature is not that of a maximum"


class Said(NamedTuple):
    """What is known of each subject besides: see `Fit`."""

    n_scored: np.ndarray
    unknown: np.ndarray
    converged: np.ndarray
    at_kink: np.ndarray


def in_words(space: _space.Space, ends: Ends, weak: Weak, covariance: np.ndarray, said: Said) -> np.ndarray:
    """What went wrong with each subject, in a few words; nothing where all is well."""
    return np.array([_of_one(space, ends, weak, covariance, said, i) for i in range(len(said.unknown))])


def _of_one(space, ends, weak, covariance, said, i):
    if said.unknown[i]:
        return NO_TRIAL if said.n_scored[i] == 0 else NOT_A_NUMBER
    names = np.array([axis.name for axis in space.axes])
    flat, ridge, vague, at_limit = (a[:, i] for a in (weak.flat, weak.ridge, weak.vague, ends.at_limit))
    vague = vague & ~at_limit
    # On a ridge or at the limit of the search a step that keeps no promise is a matter of rounding.
    kink = said.at_kink[i] and not (flat | ridge | vague | at_limit).any()
    free = ~ends.at_bound[:, i] & ~weak.unknown[:, i]
    reasons = [
        *([] if said.converged[i] else [NOT_CONVERGED]),
        *([AT_KINK] if kink else []),
        *([f"flat in {', '.join(names[flat])}"] if flat.any() else []),
        *([_ridge(space, ends, weak.direction[:, i], np.flatnonzero(ridge), i)] if ridge.any() else []),
        *([f"hardly determined: {', '.join(names[vague])}"] if vague.any() else []),
        *_open_ended(space, ends, weak.below[:, i] & ~at_limit, "below", i),
        *_open_ended(space, ends, weak.above[:, i] & ~at_limit, "above", i),
        *(f"{name} at the limit of the search" for name in names[at_limit]),
        *([NO_ERRORS] if np.isnan(np.diagonal(covariance[i])[free]).any() else []),
    ]
    return "; ".join(reasons)


def _open_ended(space, ends, which, side, i):
    """Parameters of which one end is open."""
    names = [space.axes[k].name for k in np.flatnonzero(which)]
    return [f"any {name} {side} {ends.params[name][i]:.2g} does as well" for name in names]


def _ridge(space, ends, direction, which, i):
    """What parameters trade off against each other, and which products of them are known all the same."""
    names = [space.axes[k].name for k in which]
    terms = [term for k in which if (term := _term(space, ends, k, i))]
    if len(which) == 1 or len(terms) < len(which):
        return f"on a ridge of {', '.join(names)}"
    rates = np.array([direction[k] * rate for k, (_, _, rate) in zip(which, terms, strict=True)])
    pivot = max(
        range(len(which)), key=lambda j: (space.axes[which[j]].kind != _space.INTERVAL, abs(rates[j]))
    )
    powers = {j: -rates[j] / rates[pivot] for j in range(len(which)) if j != pivot}
    if not all(0.3 < abs(power) < 2 for power in powers.values()):
        return f"on a ridge of {', '.join(names)}"
    known = [_product(terms[j], terms[pivot], power) for j, power in powers.items()]
    return f"on a ridge: only {' and '.join(known)} can be told"


def _term(space, ends, k, i):
    """A parameter as a factor: its name, its value, and how its logarithm changes with the coordinate."""
    name, kind, _ = space.axes[k]
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
    sign, power = ("/", -power) if power < 0 else ("x", power)
    return f"{name} {sign} {other_name}{'' if power == 1 else f'^{power:.2g}'} = {result:.3g}"
