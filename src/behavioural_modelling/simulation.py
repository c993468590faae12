r"""Simulation: a model plays a task, for many subjects at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from . import _checks
from .decision_rules import softmax
from .models import Model
from .trials import Trace
from .utils import choice_from_uniform, subject_keys

__all__ = ["simulate"]


def simulate(
    key: Key[Array, ""],
    model: Model,
    params: Mapping[str, ArrayLike],
    outcomes: Float[Array, "n_trials n_actions"] | Float[Array, "n_subjects n_trials n_actions"],
    *,
    record: tuple[str, ...] = Trace._fields,
) -> Trace:
    """Simulate the choices and the learning of many subjects.

    On each trial a subject chooses by the model's policy, gets the chosen action's outcome, and updates.
    Subject i's draws depend on `key` and i alone: its key is `jax.random.fold_in(key, i)`, and from it
    comes one random number per trial. More subjects, or other parameters, leave them as they are.

    Args:
        key: One random key.
        model: The model, from a builder in `models` or your own.
        params: One entry per parameter of the model: a number, or one per subject, shape (n_subjects,).
        outcomes: What each action would pay, shape (n_trials, n_actions) for all subjects alike, or
            (n_subjects, n_trials, n_actions).
        record: Which fields of `Trace` to compute and keep, for instance `("choices",)`.

    Returns:
        A `Trace` with a leading axis of subjects; there is one subject where nothing says otherwise.

    Raises:
        ValueError: If the key is no key; a parameter is unknown, missing, out of its range or not one
            number per subject; outcomes are not finite, do not fit the model or have no trial; numbers
            of subjects disagree; or `record` names no field of `Trace`.

    Example:
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> params = {"alpha": 0.3, "temperature": 0.2}
        >>> trace = bm.simulate(jax.random.key(0), model, params, outcomes=[[1.0, 0.0]] * 50)
        >>> trace.values.shape, trace.choices.shape
        ((1, 50, 2), (1, 50))
    """
    key = _checks.random_key("key", key)
    if not isinstance(model, Model):
        _checks.fail("model", "a Model, as the builders in models make it", type(model).__name__)
    record = _checked_record(record)
    outcomes = _checked_outcomes(outcomes, model)
    params = _checked_params(params, model)
    n_subjects = _count_subjects(params, outcomes)
    dtype = jnp.promote_types(jnp.result_type(outcomes, *params.values()), jnp.float32)
    params = {name: jnp.broadcast_to(x, n_subjects).astype(dtype) for name, x in params.items()}
    return _simulate(key, model, params, outcomes.astype(dtype), n_subjects, record)


@partial(jax.jit, static_argnames=("model", "n_subjects", "record"))
def _simulate(key, model, params, outcomes, n_subjects, record):
    """`simulate` on checked arguments: one subject's scan over trials, mapped over subjects."""
    one_subject = partial(_simulate_subject, model=model, record=record)
    in_axes = (0, 0, 0 if outcomes.ndim == 3 else None)
    return jax.vmap(one_subject, in_axes)(subject_keys(key, n_subjects), params, outcomes)


def _simulate_subject(key, params, outcomes, *, model, record):
    """All trials of one subject."""

    def play_trial(state, outcome_uniform):
        outcome, uniform = outcome_uniform
        choice_p = softmax(model.policy(params, state))
        choice = choice_from_uniform(uniform, choice_p)
        chosen = jax.nn.one_hot(choice, model.n_actions, dtype=outcome.dtype)
        next_state, prediction_error = model.update(params, state, chosen, outcome)
        trace = Trace(state, choice_p, choice, prediction_error)
        return next_state, Trace(**{name: getattr(trace, name) for name in record})

    uniforms = jax.random.uniform(key, outcomes.shape[:1])
    return jax.lax.scan(play_trial, model.init(params), (outcomes, uniforms))[1]


def _checked_outcomes(outcomes: ArrayLike, model: Model) -> Array:
    """Outcomes checked: finite, as many actions as the model, at least one subject and trial."""
    outcomes = _checks.real_array("outcomes", outcomes)
    if outcomes.ndim not in (2, 3) or outcomes.shape[-1] != model.n_actions:
        shape = f"(n_trials, {model.n_actions}) or (n_subjects, n_trials, {model.n_actions})"
        _checks.fail("outcomes", f"shape {shape}", f"shape {outcomes.shape}")
    if 0 in outcomes.shape:
        _checks.fail("outcomes", "at least one subject and one trial", f"shape {outcomes.shape}")
    _checks.finite("outcomes", outcomes)
    return outcomes


def _checked_params(params: Mapping[str, ArrayLike], model: Model) -> dict[str, Array]:
    """Parameters checked: the model's names, each in its range, each a number or one per subject."""
    names = [parameter.name for parameter in model.parameters]
    if not isinstance(params, Mapping):
        _checks.fail("params", f"a dict with {', '.join(names)}", type(params).__name__)
    for problem, odd in (
        ("unknown", [name for name in params if name not in names]),
        ("missing", [name for name in names if name not in params]),
    ):
        if odd:
            _checks.fail("params", ", ".join(names), f"{problem} {', '.join(map(repr, odd))}")
    checked = {name: _checks.real_array(f"params[{name!r}]", params[name]) for name in names}
    for parameter in model.parameters:
        name, x = f"params[{parameter.name!r}]", checked[parameter.name]
        if x.ndim > 1 or 0 in x.shape:
            _checks.fail(name, "a number, or shape (n_subjects,)", f"shape {x.shape}")
        _checks.in_range(name, x, parameter.lower, parameter.upper, above=parameter.above)
    return checked


def _count_subjects(params: dict[str, Array], outcomes: Array) -> int:
    """How many subjects the parameters and outcomes speak of; they must agree."""
    counts = {f"params[{name!r}]": len(x) for name, x in params.items() if x.ndim}
    if outcomes.ndim == 3:
        counts["outcomes"] = len(outcomes)
    name, n_subjects = next(iter(counts.items()), ("params", 1))
    for other, count in counts.items():
        if count != n_subjects:
            _checks.fail(other, f"{n_subjects} subjects, as in {name}", f"{count}")
    return n_subjects


def _checked_record(record: tuple[str, ...]) -> tuple[str, ...]:
    """Fields to record, in the order of `Trace`."""
    if not isinstance(record, (str, tuple, list)):
        _checks.fail("record", "a tuple of names", type(record).__name__)
    record = (record,) if isinstance(record, str) else tuple(record)
    odd = [name for name in record if name not in Trace._fields]
    if odd or not record:
        expected = f"some of {', '.join(Trace._fields)}"
        _checks.fail("record", expected, ", ".join(map(repr, odd)) or "nothing")
    return tuple(name for name in Trace._fields if name in record)
