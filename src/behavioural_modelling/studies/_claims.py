"""What priors claim about people: quantiles of each parameter, in natural values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from .. import _checks
from ..fitting import _space
from ..fitting._given import check_distribution, is_point
from ..models import Model
from ..posteriors import _given, _links

__all__: list[str] = []

N_DRAWS = 100_000
"""A quantile's standard error is then less than a hundredth of the distribution's width."""

QUANTILES = (0.05, 0.5, 0.95)


def checked_priors(
    label: str, model: Model, priors: Any, outcome_range: tuple[float, float], hierarchical: bool
) -> dict[str, Any]:
    """The priors of all free parameters and, with a group, of their spreads; or their defaults."""
    import numpyro.distributions as dist

    if not isinstance(priors if priors is not None else {}, Mapping):
        _checks.fail(label, "None, or a dict of distributions", type(priors).__name__)
    given, names = dict(priors or {}), [one.name for one in model.parameters]
    known = names + [f"{name}_spread" for name in names] * hierarchical
    for name, prior in given.items():
        if name not in known:
            _checks.fail(label, f"some of {', '.join(known)}", f"unknown {name!r}")
        check_distribution(f"{label}[{name!r}]", prior)
    free = [one for one in model.parameters if not (one.name in given and is_point(given[one.name]))]
    defaults = _given._default_priors(model, free, given, outcome_range)
    width = outcome_range[1] - outcome_range[0]
    for one in free if hierarchical else ():
        where = _space.kind(*_space.ends(one, given))
        size = _given._size(one, where, _given._unit(one, width), defaults)
        defaults[f"{one.name}_spread"] = dist.HalfNormal(_given.SPREAD * size)
    return defaults | given


def quantiles(
    model: Model, priors: Mapping[str, Any], outcome_range: tuple[float, float], hierarchical: bool
) -> list[tuple[str, str, list[float]]]:
    """Of whom, of which parameter, and the three quantiles."""
    width, found = outcome_range[1] - outcome_range[0], []
    for j, one in enumerate(model.parameters):
        if is_point(priors[one.name]):
            continue
        keys = jax.random.split(jax.random.fold_in(jax.random.key(0), j), 3)
        drawn = np.asarray(priors[one.name].sample(keys[0], (N_DRAWS,)), float)
        found.append(("the median person" if hierarchical else "a person", one.name, _three(drawn)))
        if hierarchical:
            ends = _space.ends(one, dict(priors))
            place = _space.kind(*ends), *ends, _given._unit(one, width)
            spread = np.asarray(priors[f"{one.name}_spread"].sample(keys[1], (N_DRAWS,)), float)
            line = _links.to_line(place[0], drawn, *place[1:]) + spread * np.asarray(
                jax.random.normal(keys[2], (N_DRAWS,))
            )
            person = np.asarray(_links.to_natural(place[0], line.astype(np.float32), *place[1:]))
            found.append(("a person", one.name, _three(person)))
    return found


def _three(x: np.ndarray) -> list[float]:
    return np.quantile(x, QUANTILES).tolist()
