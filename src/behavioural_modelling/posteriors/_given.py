"""What a posterior is asked for: trials, priors, covariates, checked and put into numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from .. import _checks, _door, _parameters
from .._compute import placement
from .._ready import arrays_for, checked_trials
from ..fitting import _space
from ..fitting._given import check_distribution, checked_fixed, is_point
from ..models import Model, Parameter, default_priors
from ..trials import Trials
from . import _links, _population
from ._population import Form, Given
from ._target import Target

__all__: list[str] = []

SPREAD = 0.7
"""People's spread on the line is beforehand half-normal with this scale. On the probit line a spread of 1
around the middle fills the range evenly, on the logarithm it makes two thirds of people differ by less than
a factor of e."""

CONCENTRATION = 2.0
"""Of the prior of correlations (Lewandowski, Kurowicka & Joe 2009): 1 would be even, more is closer to
none."""


class Asked(NamedTuple):
    """A posterior that was asked for.

    Attributes:
        target: What programs are compiled for.
        given: The numbers of the population.
        data: What the model needs of the trials, rows first: see `_ready.arrays_for`.
        fixed: Parameters that are held, by row.
        labels: Who the people are, shape (n_people,).
    """

    target: Target
    given: Given
    data: Any
    fixed: dict[str, np.ndarray]
    labels: np.ndarray


def asked(
    model: Model,
    trials: Trials,
    priors: Mapping[str, Any] | None,
    hierarchical: bool,
    *,
    fixed: Any,
    subjects: Any,
    covariates: Any,
    correlations: bool,
) -> Asked:
    """Everything checked."""
    trials = _checked_data(model, trials)
    n_rows = trials.shape[0]
    labels, person = _people(subjects, n_rows)
    design = _covariates(covariates, n_rows, person)
    _check_options(hierarchical, correlations, design, len(labels) < n_rows)
    names = [parameter.name for parameter in model.parameters]
    priors = _checked_priors(priors, names)
    points = {name: priors.pop(name).v for name in names if name in priors and is_point(priors[name])}
    held = checked_fixed(fixed, points, model, trials)
    free = [parameter for parameter in model.parameters if parameter.name not in held]
    low, width = _outcome_range(trials)
    ends = [_space.ends(parameter, priors) for parameter in free]
    kinds = tuple(_space.kind(*end) for end in ends)
    form = Form(
        tuple(parameter.name for parameter in free),
        kinds,
        tuple(name for name, (varies, _) in design.items() if varies),
        tuple(name for name, (varies, _) in design.items() if not varies),
        correlations,
        hierarchical,
        len(labels) == n_rows,
    )
    dtype = _parameters.precision({}, trials.outcomes, trials.responses)
    places = _links.Places(
        *np.array([(*end, _unit(p, width)) for p, end in zip(free, ends, strict=True)], dtype).T
    )
    defaults = _default_priors(model, free, priors, (low, low + width))
    sizes = [_size(*each, defaults) for each in zip(free, kinds, places.scale, strict=True)]
    sizes = np.array(sizes * (1 + len(form.within)))
    _check_names(form)
    every = _all_priors(form, defaults | priors, sizes)
    floats = _in_floats(every)
    given = Given(
        places,
        floats,
        _scales(form, every, sizes).astype(dtype),
        person.astype(np.int32),
        _table(design, form.within, n_rows).astype(dtype),
        _table(design, form.between, n_rows)[_first_rows(person)].astype(dtype),
        _moments(form, places, floats).astype(dtype),
    )
    target = Target(model, form, placement.has_one_cpu())
    return Asked(target, given, arrays_for(model, trials), held, labels)


def _checked_data(model: Model, trials: Trials) -> Trials:
    """Trials that the model can be asked about, as NumPy arrays."""
    trials = checked_trials(trials, _door.checked(model))
    if model.n_actions is not None:
        _checks.actions("trials.choices", trials.choices, model.n_actions, trials.mask)
    if not model.parameters:
        _checks.fail("model", "a parameter to learn about", f"{model.name}, which has none")
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(trials)):
        _checks.fail("trials", "arrays with known values (the call compiles itself)", "a tracer")
    trials = jax.tree.map(np.asarray, trials)
    inputs = {name: (trials.inputs or {})[name] for name in model.inputs}
    dtype = _parameters.precision({}, trials.outcomes, trials.responses)
    _door.check(model, _door.spec_of(trials.outcomes, trials.available, inputs, dtype), dtype)
    return trials


def _people(subjects: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Who there is, in the order of their first row, and which person each row is of."""
    if subjects is None:
        return np.arange(n_rows), np.arange(n_rows)
    subjects = np.asarray(subjects)
    if subjects.shape != (n_rows,):
        _checks.fail(
            "subjects", f"a label for each of {n_rows} rows of the trials", f"shape {subjects.shape}"
        )
    labels, first, which = np.unique(subjects, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return labels[order], np.argsort(order)[which]


def _covariates(covariates: Any, n_rows: int, person: np.ndarray) -> dict[str, tuple[bool, np.ndarray]]:
    """Each covariate by row, and whether it changes within a person."""
    if not isinstance(covariates or {}, Mapping):
        _checks.fail("covariates", "None, or a dict from names to numbers", type(covariates).__name__)
    found = {}
    for name, x in (covariates or {}).items():
        label = f"covariates[{name!r}]"
        if not isinstance(name, str) or not name.isidentifier():
            _checks.fail("covariates", "names made of letters, digits and _", repr(name))
        x = np.asarray(_checks.real_array(label, x), float)
        if x.shape != (n_rows,):
            _checks.fail(label, f"a number for each of {n_rows} rows of the trials", f"shape {x.shape}")
        if not np.isfinite(x).all():
            _checks.fail(
                label, "finite numbers (a person without one must be left out)", x[~np.isfinite(x)][0]
            )
        if np.ptp(x) == 0:
            _checks.fail(label, "numbers that differ between rows", f"{x[0]:g} for all")
        found[name] = bool((x != x[_first_rows(person)][person]).any()), x
    return found


def _check_options(hierarchical: Any, correlations: Any, design: dict, repeated: bool) -> None:
    """Refuse what only a group has, where there is none."""
    for name, option in (("hierarchical", hierarchical), ("correlations", correlations)):
        if not isinstance(option, bool):
            _checks.fail(name, "True or False", repr(option))
    if not hierarchical:
        for name, wanted in (("correlations", correlations), ("covariates", design), ("subjects", repeated)):
            if wanted:
                _checks.fail(name, "none of it with hierarchical=False, where nothing is shared", "some")


def _checked_priors(priors: Any, names: list[str]) -> dict[str, Any]:
    """Distributions of one number; which names there may be is seen when all are known."""
    if not isinstance(priors if priors is not None else {}, Mapping):
        _checks.fail("priors", f"None, or a dict with some of {', '.join(names)}", type(priors).__name__)
    priors = dict(priors or {})
    for name, prior in priors.items():
        if name != "correlation":
            check_distribution(f"priors[{name!r}]", prior)
    return priors


def _check_names(form: Form) -> None:
    """Refuse covariates by which two results have one name, such as `p` where there is an `alpha_p`."""
    ends = ("median", "spread", "z", *form.between)
    told = [*form.latents, *(f"{name}_{end}" for name in form.latents for end in ends)]
    twice = sorted({name for name in told if told.count(name) > 1})
    if twice:
        _checks.fail("covariates", "other names: these would give two results one name", twice[0])


def _outcome_range(trials: Trials) -> tuple[float, float]:
    """The smallest outcome of all subjects, and how far the largest is from it."""
    low, width = _space.outcome_range(trials)
    return float(low.min()), float((low + width).max() - low.min())


def _unit(parameter: Parameter, width: float) -> float:
    """The unit that a parameter is counted in on the line."""
    return {"value": width, "difference": width, "per difference": 1 / width}.get(parameter.unit or "", 1.0)


def _default_priors(model: Model, free: list[Parameter], priors: dict, outcomes: tuple[float, float]) -> dict:
    """The default priors of free parameters, of those that have one or need one."""
    known = tuple(p for p in free if p.prior is not None or p.name not in priors)
    return default_priors(model._replace(parameters=known), outcomes) if known else {}


def _size(parameter: Parameter, kind: str, unit: float, defaults: dict) -> float:
    """How far a parameter reaches on the line: 1, or what its default prior says where it has no bounds."""
    if kind != _space.LINE or parameter.name not in defaults:
        return 1.0
    return float(np.sqrt(defaults[parameter.name].variance)) / unit


def _all_priors(form: Form, priors: dict, sizes: np.ndarray) -> dict[str, Any]:
    """A prior for everything that is not known, by name; refuses those of something else."""
    import numpyro.distributions as dist

    every = {name: priors[name] for name in form.names}
    if form.hierarchical:
        for name, size in zip(form.latents, sizes, strict=True):
            every.setdefault(name, dist.Normal(0.0, size))
            every[f"{name}_spread"] = dist.HalfNormal(SPREAD * size)
            every |= {f"{name}_{covariate}": dist.Normal(0.0, size) for covariate in form.between}
    if form.correlations:
        every["correlation"] = dist.LKJCholesky(len(form.latents), CONCENTRATION)
    unknown = [name for name in priors if name not in every]
    if unknown:
        _checks.fail("priors", f"some of {', '.join(every)}", f"unknown {', '.join(map(repr, unknown))}")
    for name in every:
        if name.endswith("_spread") and name in priors and _space.support(priors[name])[0] < 0:
            _checks.fail(
                f"priors[{name!r}]", "a distribution over numbers above 0", type(priors[name]).__name__
            )
    return every | {name: priors[name] for name in priors}


def _moments(form: Form, places: _links.Places, priors: dict) -> np.ndarray:
    """Mean and standard deviation on the line of what is known of each latent beforehand."""
    grid = np.sinh(np.linspace(-6, 6, 2001))
    own = {name: priors[name] for name in form.names}
    densities = np.asarray(_densities(jnp.asarray(grid, places.lower.dtype), places, own, form), float)
    densities = np.where(np.isfinite(densities), densities, -np.inf) + np.log(np.gradient(grid))
    weight = np.exp(densities - densities.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ grid
    deviation = np.sqrt((weight * (grid - mean[:, None]) ** 2).sum(axis=1))
    slopes = form.latents[len(form.names) :] if form.hierarchical else ()
    known = [float(np.sqrt(priors[name].variance)) for name in slopes]
    return np.array([[*mean, *[0.0] * len(slopes)], [*deviation, *known]])


@partial(jax.jit, static_argnames="form")
def _densities(grid, places, priors, form):
    """The log-density on the line of each parameter's prior, shape (n_parameters, n_points)."""
    density = partial(_population.natural_log_prior, form, places, priors)
    return jnp.stack([density(k, grid) for k in range(len(form.names))])


def _scales(form: Form, priors: dict, sizes: np.ndarray) -> np.ndarray:
    """A typical size of each latent's spread: the scale of a half-normal prior, else the prior's mean."""
    scales = []
    for name, size in zip(form.latents, sizes, strict=True):
        prior = priors.get(f"{name}_spread")
        scale = float(getattr(prior, "scale", getattr(prior, "mean", np.nan)))
        scales.append(scale if np.isfinite(scale) and scale > 0 else SPREAD * size)
    return np.array(scales)


def _first_rows(person: np.ndarray) -> np.ndarray:
    """The first row of each person."""
    return np.unique(person, return_index=True)[1]


def _table(design: dict, names: tuple[str, ...], n_rows: int) -> np.ndarray:
    """Some covariates by row, one a column."""
    return np.stack([design[name][1] for name in names], axis=-1) if names else np.zeros((n_rows, 0))


def _in_floats(priors: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers become floating-point ones, or Beta(2, 2) would be compiled apart from Beta(1.1, 1.1)."""
    as_float = lambda x: np.asarray(x, jax.dtypes.canonicalize_dtype(float))  # noqa: E731
    return {name: jax.tree.map(as_float, prior) for name, prior in priors.items()}
