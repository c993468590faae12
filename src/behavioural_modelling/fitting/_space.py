"""The coordinates of the search: where each parameter of each subject is looked for, and in which unit.

A parameter with two bounds goes by its logit, one with a lower bound by its logarithm, one without bounds by
itself. What is measured in the unit of the outcomes is counted in it, so that points and pence give the same
search: the likelihood depends on the product of an inverse temperature and the outcomes alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .. import _parameters
from ..models import Model, Parameter
from ..trials import Trials

__all__: list[str] = []

EDGE = 9.21
"""How far the search goes in a logit or a logarithm: one ten-thousandth from a bound, or ten thousand units.
Smaller learning rates change values by less than the rounding of 32 bits lets one see."""

FAR = 1e4
"""How far it goes for a parameter that has no bound, in its unit."""

INTERVAL, ABOVE, BELOW, LINE = "interval", "above", "below", "line"


class Axis(NamedTuple):
    """One coordinate: the name of its parameter, which of the four kinds it is, the parameter's bounds."""

    name: str
    kind: str
    ends: tuple[float, float]


Axes = tuple[Axis, ...]


class Place(NamedTuple):
    """Where each parameter of each subject lies, by parameter and subject.

    Attributes:
        lower: The lower end; minus infinity where there is none.
        upper: The upper end.
        scale: The unit in which the distance from the one end is counted, or from 0.
    """

    lower: Float[np.ndarray, "n_parameters n_subjects"]
    upper: Float[np.ndarray, "n_parameters n_subjects"]
    scale: Float[np.ndarray, "n_parameters n_subjects"]


class Space(NamedTuple):
    """The kinds of the coordinates, which a program is made for, and the numbers that it is given."""

    axes: Axes
    place: Place


def space(model: Model, trials: Trials, priors: dict[str, Any], fixed: dict[str, Any]) -> Space:
    """Where the free parameters of a model are looked for, in the light of the outcomes and the priors."""
    low, width = outcome_range(trials)
    free = [parameter for parameter in model.parameters if parameter.name not in fixed]
    axes, places = [], []
    for parameter in free:
        limits = ends(parameter, priors)
        lower, upper = (np.broadcast_to(end, low.shape) for end in limits)
        if parameter.unit == "value" and np.isinf(lower).all() and np.isinf(upper).all():
            lower, upper = low, low + width
        scale = {"value": width, "difference": width, "per difference": 1 / width}.get(parameter.unit or "")
        axes.append(Axis(parameter.name, kind(lower[0], upper[0]), limits))
        places.append((lower, upper, np.ones_like(width) if scale is None else scale))
    dtype = _parameters.precision({}, trials.outcomes, trials.responses)
    return Space(tuple(axes), Place(*np.array(places, dtype).transpose(1, 0, 2)))


def ends(parameter: Parameter, priors: dict[str, Any]) -> tuple[float, float]:
    """The bounds of a parameter: its own, and those of its prior."""
    lower, upper = support(priors.get(parameter.name))
    return max(float(parameter.lower), lower), min(float(parameter.upper), upper)


def support(prior: Any) -> tuple[float, float]:
    """The ends of a distribution's support. NumPyro's densities go on beyond them."""
    if hasattr(prior, "transforms"):  # such as 1 plus an exponential
        limits = support(prior.base_dist)
        for transform in prior.transforms:
            limits = sorted(float(transform(end)) for end in limits)
        lower, upper = limits
        return lower, upper
    limits = (getattr(getattr(prior, "support", None), f"{end}_bound", None) for end in ("lower", "upper"))
    lower, upper = limits
    return -np.inf if lower is None else float(lower), np.inf if upper is None else float(upper)


def outcome_range(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """The smallest outcome of each subject, and how far the largest is from it; its size if they are one."""
    counts = np.ones(trials.shape, bool)
    for told in (trials.mask, trials.feedback):
        counts = counts if told is None else counts & np.asarray(told)
    low, high = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
    for outcomes in jax.tree.leaves(trials.outcomes):  # of all names together
        paid = np.broadcast_to(np.asarray(outcomes), (*counts.shape, outcomes.shape[-1]))
        among = {"axis": (1, 2), "where": counts[..., None]}
        low = np.minimum(low, paid.min(**among, initial=np.inf))
        high = np.maximum(high, paid.max(**among, initial=-np.inf))
    low = np.where(np.isfinite(low), low, 0.0)
    width = np.where(np.isfinite(high), high, 0.0) - low
    width = np.where(width > 0, width, np.abs(low))
    return low, np.where(width > 0, width, 1.0)


def kind(lower: float, upper: float) -> str:
    """Which ends there are."""
    if np.isfinite(lower):
        return INTERVAL if np.isfinite(upper) else ABOVE
    return BELOW if np.isfinite(upper) else LINE


def natural(x: Array | np.ndarray, axes: Axes, place: Place) -> dict[str, Array]:
    """Parameters from coordinates of the search, which are on the first axis."""
    return {axis.name: to_natural(axis.kind, x[k], *(a[k] for a in place)) for k, axis in enumerate(axes)}


def at(space: Space, k: int, x: float) -> np.ndarray:
    """The natural values of one parameter, for all subjects, at one coordinate."""
    place = [a[k] for a in space.place]
    return np.asarray(to_natural(space.axes[k].kind, np.full_like(place[2], x), *place))


def to_natural(kind: str, x: Array | np.ndarray, lower: Any, upper: Any, scale: Any) -> Array:
    if kind == INTERVAL:
        return lower + (upper - lower) * jax.nn.sigmoid(x)
    if kind == LINE:
        return scale * x
    return lower + scale * jnp.exp(x) if kind == ABOVE else upper - scale * jnp.exp(x)


def from_natural(kind: str, y: Any, lower: Any, upper: Any, scale: Any, by: Any = jnp) -> Any:
    """One parameter's coordinates; the ends of its range are infinitely far. `by` is JAX's NumPy or NumPy."""
    if kind == INTERVAL:
        return by.log(y - lower) - by.log(upper - y)
    if kind == LINE:
        return y / scale
    return by.log((y - lower) / scale) if kind == ABOVE else by.log((upper - y) / scale)


def slope(kind: str, y: np.ndarray, lower: np.ndarray, upper: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """How much one natural parameter changes per unit of its coordinate."""
    if kind == INTERVAL:
        return (y - lower) * (upper - y) / (upper - lower)
    if kind == LINE:
        return scale
    return y - lower if kind == ABOVE else y - upper


def bounds(axes: Axes, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the search in its coordinates, each of shape (n_parameters, 1)."""
    upper = np.array([FAR if axis.kind == LINE else EDGE for axis in axes], dtype)[:, None]
    return -upper, upper
