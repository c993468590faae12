r"""Simulation: a model plays a task, for many subjects at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Key

from . import _checks, _layout, _parameters, _placement, _rows
from ._blocks import Task, play_in_blocks
from .decision_rules import softmax
from .models import Model, _choosing, _door
from .trials import Trace

__all__ = ["simulate"]

OWN_AXES = (3, 3, 2)
"""How many axes each field of `Task` has where every subject has its own."""


def simulate(
    key: Key[Array, ""],
    model: Model,
    params: Mapping[str, ArrayLike],
    outcomes: Float[Array, "n_trials n_actions"] | Float[Array, "n_subjects n_trials n_actions"],
    *,
    available: Bool[Array, "n_trials n_actions"] | Bool[Array, "n_subjects n_trials n_actions"] | None = None,
    reset: Bool[Array, "n_trials"] | Bool[Array, "n_subjects n_trials"] | None = None,
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
        available: Which actions are on offer, booleans of the shapes that outcomes may have. The choice
            is among them alone. None: all of them.
        reset: Before which trials the model starts anew, as at the first trial of a block: booleans,
            shape (n_trials,) or (n_subjects, n_trials). None: before none.
        record: Which fields of `Trace` to compute and keep, for instance `("choices",)`.

    Returns:
        A `Trace` with a leading axis of subjects; there is one subject where nothing says otherwise. If
        parameters or outcomes are spread over devices by subject, so is the trace. On one CPU its arrays
        are tied to that device, as by `jax.device_put`, and have the subjects innermost in memory.

    Raises:
        ValueError: If the key is no key; a parameter is unknown, missing, out of its range or not one
            number per subject; outcomes are not finite, do not fit the model or have no trial;
            `available` or `reset` are not booleans of the right shape, or nothing is on offer on a
            trial; numbers of subjects disagree; or `record` names no field of `Trace`.

    Example:
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> params = {"alpha": 0.3, "temperature": 0.2}
        >>> trace = bm.simulate(jax.random.key(0), model, params, outcomes=[[1.0, 0.0]] * 50)
        >>> trace.values.shape, trace.choices.shape
        ((1, 50, 2), (1, 50))
    """
    key = _checks.random_key("key", key)
    params = _parameters.checked(params, model)
    record = _checked_record(record)
    task = _checked_task(outcomes, available, reset, model)
    own = Task(*(x is not None and x.ndim == n for x, n in zip(task, OWN_AXES, strict=True)))
    its_own = Task(*(x if mine else None for x, mine in zip(task, own, strict=True)))
    n_subjects = _parameters.count_subjects(params, **its_own._asdict())
    axis = _placement.subject_axis(params, its_own)
    params, outcomes = _parameters.per_subject(params, n_subjects, task.outcomes)
    _door.check_functions(model, outcomes.dtype)
    task = task._replace(outcomes=outcomes)
    if axis is None and _placement.has_one_cpu():
        # Tied to its device: JAX keeps track of how such arrays lie in memory, of free ones it does not.
        key = jax.device_put(key, jax.devices()[0])
    # Inside a reader's jit, grad or vmap all is traced: there goes what JAX can transform as it likes.
    whole = _placement.has_one_cpu() and not _placement.is_traced(key, params, task)
    spread_out = jax.default_backend() == "cpu" and axis is not None
    run = _simulate_in_blocks if whole or spread_out else _simulate
    arrays = (key, np.arange(n_subjects, dtype=np.int32), params, *task)
    return run(*_placement.spread(axis, (False, True, True, *own), *arrays), model, record, axis, own)


@partial(jax.jit, static_argnames=("model", "record", "axis", "own"))
def _simulate(key, subjects, params, outcomes, available, reset, model, record, axis, own):
    """`simulate` on checked arguments: one subject's scan over trials, mapped over subjects."""

    def one_subject(key, subject, params, *task):
        play = partial(_play_trial, params, model=model, record=record, apart=_layout.joined)
        uniforms = jax.random.uniform(jax.random.fold_in(key, subject), task[0].shape[:1])
        step = lambda state, trial: play(state, *trial)  # noqa: E731
        return jax.lax.scan(step, model.init(params), (Task(*task), uniforms))[1]

    by_subject = (False, True, True, *own)
    play = jax.vmap(one_subject, in_axes=tuple(0 if mine else None for mine in by_subject))
    play = _placement.over_subjects(play, axis, by_subject)
    return play(key, subjects, params, outcomes, available, reset)


@partial(jax.jit, static_argnames=("model", "record", "axis", "own"))
def _simulate_in_blocks(key, subjects, params, outcomes, available, reset, model, record, axis, own):
    """The same numbers, laid out and cut up for a CPU."""
    play_trial = partial(_play_trial, model=model, record=record, apart=_layout.apart)
    play = lambda *arrays: play_in_blocks(model.init, play_trial, own, *arrays[:3], Task(*arrays[3:]))  # noqa: E731
    play = _placement.over_subjects(play, axis, (False, True, True, *own))
    return play(key, subjects, params, outcomes, available, reset)


def _play_trial(params, state, task, uniform, *, model, record, apart):
    """One trial of one subject, its choice picked by a random number in [0, 1)."""
    if task.reset is not None:
        state = jax.tree.map(lambda new, old: jnp.where(task.reset, new, old), model.init(params), state)
    logits = _choosing.logits_on_offer(model, params, state, task.available, task.outcomes.dtype)
    choice_p = softmax(logits)
    choice = apart(_rows.first_end_beyond(uniform, choice_p))
    chosen = jax.nn.one_hot(choice, model.n_actions, dtype=task.outcomes.dtype)
    next_state, prediction_error = model.update(params, state, chosen, task.outcomes)
    trace = Trace(state, choice_p, choice, prediction_error)
    return next_state, Trace(**{name: getattr(trace, name) for name in record})


def _checked_task(outcomes: ArrayLike, available: Any, reset: Any, model: Model) -> Task:
    """Outcomes, what is on offer and where the model starts anew, checked against each other."""
    outcomes = _checked_outcomes(outcomes, model)
    n_trials = outcomes.shape[-2]
    if available is not None:
        available = _checks.booleans_by_subject("available", available, (n_trials, model.n_actions))
        offered = _checks.known_values(available)
        if offered is not None and not offered.any(axis=-1).all():
            trial = tuple(int(i) for i in np.argwhere(~offered.any(axis=-1))[0])
            _checks.fail("available", "an action on offer on every trial", f"none at index {trial}")
    if reset is not None:
        reset = _checks.booleans_by_subject("reset", reset, (n_trials,))
    return Task(outcomes, available, reset)


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
