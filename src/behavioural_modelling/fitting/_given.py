"""What a fit is given beside the trials: priors, and parameters that are held fixed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from .. import _checks, _parameters
from ..models import Model, Parameter
from ..trials import Trials
from ._space import ends

__all__: list[str] = []


def checked_priors(priors: Any, model: Model) -> tuple[dict[str, Any], dict[str, Any]]:
    """Priors of parameters that the model has, and the values of those that a `Delta` puts on one point."""
    if priors is None:
        return {}, {}
    names = [parameter.name for parameter in model.parameters]
    if not isinstance(priors, Mapping):
        _checks.fail("priors", f"None, or a dict with some of {', '.join(names)}", type(priors).__name__)
    for name, prior in priors.items():
        if name not in names:
            _checks.fail("priors", f"some of {', '.join(names)}", f"unknown {name!r}")
        check_distribution(f"priors[{name!r}]", prior)
    points = {name: prior.v for name, prior in priors.items() if is_point(prior)}
    for parameter in model.parameters:
        if parameter.name in priors and parameter.name not in points:
            _check_density(parameter, priors[parameter.name])
    # Whole numbers become floating-point ones, or Beta(2, 2) would be compiled apart from Beta(1.1, 1.1).
    as_float = lambda x: np.asarray(x, jax.dtypes.canonicalize_dtype(float))  # noqa: E731
    spread = [name for name in names if name in priors and name not in points]
    return {name: jax.tree.map(as_float, priors[name]) for name in spread}, points


def check_distribution(label: str, prior: Any) -> None:
    """Refuse what is no distribution of one number on a line."""
    if isinstance(prior, type) or not all(hasattr(prior, a) for a in ("log_prob", "sample", "support")):
        received = f"the class {prior.__name__}" if isinstance(prior, type) else type(prior).__name__
        _checks.fail(label, "a distribution of NumPyro", received)
    shape = tuple(prior.batch_shape) + tuple(prior.event_shape)
    if shape or (prior.is_discrete and not is_point(prior)):
        received = f"shape {shape}" if shape else f"the discrete {type(prior).__name__}"
        _checks.fail(label, "a distribution of one number on a line", received)


def is_point(prior: Any) -> bool:
    """Whether all of a distribution lies on one point."""
    return type(prior).__name__ == "Delta"


def _check_density(parameter: Parameter, prior: Any) -> None:
    """Refuse a prior of values that the parameter cannot have, or without a highest density."""
    label, (lower, upper) = f"priors[{parameter.name!r}]", ends(parameter, {parameter.name: prior})
    if not lower < upper:
        expected = f"a distribution over some of [{parameter.lower:g}, {parameter.upper:g}]"
        _checks.fail(label, expected, f"one from {lower:g}")
    for end in (lower, upper):
        if np.isfinite(end) and _rises_without_end(prior, end, 1 if end == lower else -1):
            expected = "a density that is finite up to the ends of its range, or there is no highest one"
            _checks.fail(label, expected, f"{type(prior).__name__}, infinite at {end:g}")


def _rises_without_end(prior: Any, end: float, inwards: int) -> bool:
    """Whether the density is infinite at an end of its range, or goes on rising right before it."""
    # In 32 bits there is more room beside 0 than beside other numbers.
    near, nearer = (end + inwards * step * (abs(end) or 1e-5) for step in (1e-5, 1e-6))
    with warnings.catch_warnings(), jax.debug_nans(False), jax.debug_infs(False):
        warnings.simplefilter("ignore", UserWarning)  # of an end that is no part of the support
        at, before, closer = (float(prior.log_prob(x)) for x in (end, near, nearer))
    return at == np.inf or closer - before > 0.02


def checked_fixed(fixed: Any, points: dict[str, Any], model: Model, trials: Trials) -> dict[str, np.ndarray]:
    """The values of parameters that are not estimated, one per subject; some other parameter is."""
    names, n_subjects = [parameter.name for parameter in model.parameters], trials.shape[0]
    if not isinstance(fixed or {}, Mapping):
        _checks.fail("fixed", f"None, or a dict with some of {', '.join(names)}", type(fixed).__name__)
    fixed = points | dict(fixed or {})
    unknown = [name for name in fixed if name not in names]
    if unknown:
        _checks.fail("fixed", f"some of {', '.join(names)}", f"unknown {', '.join(map(repr, unknown))}")
    if set(fixed) == set(names):
        _checks.fail("fixed", "a parameter that is left to fit", f"all of {', '.join(names)}")
    values = {
        p.name: _parameters.in_its_range("fixed", fixed[p.name], p)
        for p in model.parameters
        if p.name in fixed
    }
    for name, x in values.items():
        if x.ndim and len(x) != n_subjects:
            _checks.fail(f"fixed[{name!r}]", f"a number, or shape ({n_subjects},)", f"shape {x.shape}")
    dtype = _parameters.precision({}, trials.outcomes, trials.responses)
    return {name: np.broadcast_to(np.asarray(x, dtype), n_subjects) for name, x in values.items()}
