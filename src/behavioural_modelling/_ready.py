"""Getting ready: a model, parameters and trials that fit together, as the programs take them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from . import _checks, _door, _levels, _parameters
from ._compute import placement
from ._types import Numbers
from .models import Model
from .trials import Trials

__all__: list[str] = []


class Ready(NamedTuple):
    """What a program runs on.

    Attributes:
        params: One number per subject.
        arrays: What the model needs of the trials, subjects first: see `arrays_for`.
        dtype: The precision of floating-point numbers.
        plan: How it is computed for many subjects.
    """

    params: dict[str, Float[Array, "n_subjects"]]
    arrays: tuple[Any, ...]
    dtype: np.dtype
    plan: placement.Plan


def ready(model: Model, params: Mapping[str, Numbers], trials: Trials) -> Ready:
    """Everything checked, and put where it is to be computed."""
    params = _parameters.checked(params, model)
    trials = checked_trials(trials, model)
    arrays, (n_subjects, _) = arrays_for(model, trials), trials.shape
    if model.n_actions is not None:
        _checks.actions("trials.choices", trials.choices, model.n_actions, trials.mask)
    params, dtype = _parameters.per_subject(params, {"trials": n_subjects}, trials.outcomes, trials.responses)
    _door.check(model, _door.spec_of(trials.outcomes, trials.available, arrays[-1], dtype), dtype)
    plan = placement.plan(n_subjects, params, *arrays)
    numbers, *arrays = placement.spread(plan, params, *arrays)
    return Ready(numbers, tuple(arrays), dtype, plan)


def checked_trials(trials: Any, model: Model) -> Trials:
    """Trials that fit the model: its actions, its responses, its inputs. All else was checked before."""
    if not isinstance(trials, Trials):
        _checks.fail("trials", "Trials", type(trials).__name__)
    for part in model.response.parts:
        if part == "choices" and trials.choices is None:
            _checks.fail("trials.choices", f"choices, as {model.name} predicts them", None)
        if part != "choices" and part not in (trials.responses or {}):
            found = ", ".join(map(repr, trials.responses or {})) or None
            _checks.fail("trials.responses", f"{part!r}, as {model.name} predicts them", found)
    for name in model.inputs:
        if name not in (trials.inputs or {}):
            found = ", ".join(map(repr, trials.inputs or {})) or None
            _checks.fail("trials.inputs", f"{name!r}, which {model.name} needs", found)
    _check_actions(trials, model)
    _levels.check_trials(model, trials)
    return trials


def _check_actions(trials: Trials, model: Model) -> None:
    """Refuse trials with other actions than the model's."""
    n = model.n_actions
    sizes = [("outcomes", x.shape[-1]) for x in jax.tree.leaves(trials.outcomes) if x.shape[-1] > 1]
    if trials.available is not None:
        sizes.append(("available", trials.available.shape[-1]))
    for name, size in sizes:
        if n is None:
            _checks.fail(f"trials.{name}", f"one number per trial, as {model.name} chooses nothing", size)
        if size != n:
            _checks.fail(f"trials.{name}", f"{n} actions, as in the model", f"{size}")


def arrays_for(model: Model, trials: Trials) -> tuple[Any, ...]:
    """What a model needs of checked trials, subjects first: the arguments of `by_trial`."""
    parts = {"choices": trials.choices} | (trials.responses or {})
    responses = {part: parts[part] for part in model.response.parts}
    inputs = {name: (trials.inputs or {})[name] for name in model.inputs}
    return responses, trials.outcomes, trials.available, trials.mask, trials.reset, trials.feedback, inputs
