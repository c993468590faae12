r"""Simulation: a model plays a task, for many subjects at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Key

from . import _checks, _door, _levels, _parameters
from ._compute import placement
from ._compute.blocks import Player, play_in_blocks
from ._compute.layout import laid_out
from ._play import Played, Row, in_precision, play_trial
from ._types import Numbers
from .models import Model, Trial
from .tasks import Schedule, Task, schedule
from .trials import Trace

__all__ = ["simulate"]

UNASKED = ("state", "log_prob")
"""What is recorded only where it is asked for."""

OF_A_TASK = 2**32 - 1
"""The number of a subject that there cannot be: from its key come the draws of tasks."""


def simulate(
    key: Key[Array, ""],
    model: Model,
    params: Mapping[str, Numbers],
    outcomes: Numbers | Mapping[str, Numbers] | Schedule | Task,
    *,
    available: Numbers | None = None,
    reset: Numbers | None = None,
    inputs: Mapping[str, Numbers] | None = None,
    record: str | Sequence[str] | None = None,
) -> Trace:
    """Simulate the responses and the learning of many subjects.

    On each trial a subject responds as the model predicts, gets the outcome, and updates.
    Subject i's draws depend on `key` and i alone: its key is `jax.random.fold_in(key, i)`, and from it
    come the random numbers of its responses, one per trial for a choice. More subjects, or other parameters,
    leave them as they are.

    Args:
        key: One random key.
        model: The model, from a builder in `models` or your own.
        params: One entry per parameter of the model: a number, or one per subject, shape (n_subjects,).
        outcomes: What each action would pay, shape (n_trials, n_actions) for all subjects alike, or
            (n_subjects, n_trials, n_actions). Where nothing is chosen, shape (n_trials,) or (n_subjects,
            n_trials). Or a task from `tasks`: a `Schedule`, or a `Task` that reacts.
        available: Which actions are on offer, booleans of the shapes that outcomes may have. The choice
            is among them alone. None: all of them.
        reset: Before which trials the model starts anew, as at the first trial of a block: booleans,
            shape (n_trials,) or (n_subjects, n_trials). None: before none.
        inputs: What is shown before the response, by name, as in `tasks.schedule`.
        record: What to compute and keep, for instance `("choices",)`: names of what the model records, the
            response reports, or its parts. None: all of these, and of a task that reacts its outcomes and
            what it shows. Besides there are "state", the model's state before the outcome, and "log_prob".

    Returns:
        A `Trace` with a leading axis of subjects; there is one subject where nothing says otherwise. If
        parameters or outcomes are spread over devices by subject, so is the trace. On one CPU its arrays
        are tied to that device, as by `jax.device_put`, and have the subjects innermost in memory.

    Raises:
        ValueError: If the key is no key; a parameter is unknown, missing, out of its range or not one
            number per subject; outcomes are not finite, do not fit the model or have no trial;
            `available` or `reset` are not booleans of the right shape, or nothing is on offer on a
            trial; an input is missing; a task does not fit the model; numbers of subjects disagree; or
            `record` names nothing that is there.

    Example:
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> params = {"alpha": 0.3, "temperature": 0.2}
        >>> trace = bm.simulate(jax.random.key(0), model, params, outcomes=[[1.0, 0.0]] * 50)
        >>> trace.values.shape, trace.choices.shape
        ((1, 50, 2), (1, 50))
        >>> trace = bm.simulate(jax.random.key(0), model, params, bm.tasks.bandit(50, [0.8, 0.2]))
        >>> trace.outcomes.shape
        (1, 50, 2)
    """
    key = _checks.random_key("key", key)
    params = _parameters.checked(params, model)
    task, given = _checked_task(outcomes, available, reset, inputs, model)
    data = [] if task else given.outcomes
    record = _checked_record(record, _looked_at(model, task, given, _parameters.precision(params, data)))
    params, dtype = _parameters.per_subject(params, _counts(given), data)
    n_subjects = max(len(x) for x in jax.tree.leaves((params, given)))
    if key.ndim:  # an old key: its two numbers are not to be spread over devices, as two subjects' are
        key = jax.random.wrap_key_data(key)
    if placement.has_one_cpu():
        # Tied to its device: JAX keeps track of how such arrays lie in memory, of free ones it does not.
        key = jax.device_put(key, jax.devices()[0])
    plan = placement.plan(n_subjects, params, given)
    run = _simulate_in_blocks if plan.in_blocks else _simulate
    subjects = np.arange(n_subjects, dtype=np.int32)
    arrays = placement.spread(plan, key, subjects, params, given)
    asked = tuple(name for name in _levels.asked(model, task is not None) if name not in record)
    told = run(model, task, (*record, *asked), dtype, plan, *arrays)
    if task is not None:
        _levels.check_played(model, told)
    return Trace(model.response.parts, **{name: x for name, x in told.items() if name in record})


@partial(jax.jit, static_argnames=("model", "task", "record", "dtype", "plan"))
def _simulate(model, task, record, dtype, plan, key, subjects, params, given):
    """`simulate` on checked arguments: one subject's scan over trials, mapped over subjects."""
    player = _player(model, task, record, dtype, given)

    def one_subject(key, subject, params, given):
        step = lambda carry, trial: player.play(params, carry, *trial)  # noqa: E731
        begin = player.begin(params, key, subject)
        return jax.lax.scan(step, begin, (given, player.uniforms(key, subject)))[1]

    def all_subjects(key, subjects, params, given):
        own = lambda x: len(x) == len(subjects)  # noqa: E731
        axes = jax.tree.map(lambda x: 0 if own(x) else None, given)
        given = jax.tree.map(lambda x: x if own(x) else x[0], given)
        return jax.vmap(one_subject, in_axes=(None, 0, 0, axes))(key, subjects, params, given)

    return placement.over_subjects(all_subjects, plan)(key, subjects, params, given)


@partial(jax.jit, static_argnames=("model", "task", "record", "dtype", "plan"))
def _simulate_in_blocks(model, task, record, dtype, plan, key, subjects, params, given):
    """The same numbers, laid out and cut up for a CPU."""
    play = laid_out(True, partial(play_in_blocks, _player(model, task, record, dtype, given)))
    return placement.over_subjects(play, plan)(key, subjects, params, given)


class _Given(NamedTuple):
    """What is given of the trials of a schedule."""

    outcomes: Any
    row: Row


def _player(model: Model, task: Task | None, record: tuple[str, ...], dtype: Any, given: Any) -> Player:
    """What one subject does, of whom numbers are as precise as `dtype` says."""
    n_trials = jax.tree.leaves(given)[0].shape[1]
    shape = (n_trials, model.response.n_uniforms)

    def begin(params, key, subject):
        if task is None:
            return model.init(params), ()
        key = jax.random.fold_in(jax.random.fold_in(key, np.uint32(OF_A_TASK)), subject)
        return model.init(params), (key, in_precision(task.init(jax.random.fold_in(key, 0)), dtype))

    def play(params, carry, given, uniforms):
        state, task_state = carry
        presented = _scheduled if task is None else partial(_reacting, task, dtype)
        trial, row, pay = presented(in_precision(given, dtype), task_state, model.inputs)
        draw = lambda prediction: model.response.draw(prediction, uniforms)  # noqa: E731
        played = play_trial(model, params, state, row, draw, pay, dtype)
        told = _told(model, trial, played)
        if "log_prob" in record:
            told["log_prob"] = model.response.log_prob(played.prediction, played.response)
        return (played.after, played.task), {name: told[name] for name in record}

    def uniforms(key, subject):
        return jax.random.uniform(jax.random.fold_in(key, subject), shape)

    return Player(begin, play, uniforms)


def _scheduled(given: _Given, state: Any, needed: tuple[str, ...]) -> tuple[Trial, Row, Any]:
    """A trial of a schedule, and the function that pays."""
    return given.row.trial, given.row, lambda response: (given.outcomes, state)


def _reacting(task, dtype, number, state, needed):
    """A trial of a task that reacts: what it shows, what the model sees of it, and the function that pays."""
    key, state = state
    shown = in_precision(task.show(state, number), dtype)
    row = Row(Trial({name: shown.inputs[name] for name in needed}, shown.available), None, None)

    def pay(response):
        paid = task.respond(jax.random.fold_in(key, number + 1), state, response)
        outcome, after = in_precision(paid, dtype)
        return outcome, (key, after)

    return shown, row, pay


def _told(model: Model, trial: Trial, played: Played) -> dict[str, Any]:
    """What can be recorded of a trial, by name."""
    report = model.response.report or (lambda prediction: {})
    parts = model.response.parts
    response = {parts[0]: played.response} if len(parts) == 1 else played.response
    told = report(played.prediction) | response | played.records
    told |= {"state": played.before, "outcomes": played.outcome, "inputs": trial.inputs}
    return told | {"available": trial.available}


def _given(task: Schedule, model: Model) -> _Given:
    """What a subject is given of the trials of a schedule."""
    inputs = {name: task.inputs[name] for name in model.inputs}
    learns = task.feedback if task.mask is None else task.mask
    if task.mask is not None and task.feedback is not None:
        learns = task.mask & task.feedback
    available = task.available
    if available is not None and task.mask is not None:  # where nothing counts there may be nothing on offer
        available = available | ~task.mask[..., None]
    return _Given(task.outcomes, Row(Trial(inputs, available), task.reset, learns))


def _checked_task(
    outcomes: Any, available: Any, reset: Any, inputs: Any, model: Model
) -> tuple[Task | None, Any]:
    """The task where it reacts, and what is given of its trials: arrays, or their numbers."""
    if isinstance(outcomes, (Schedule, Task)):
        for name, x in (("available", available), ("reset", reset), ("inputs", inputs)):
            if x is not None:
                _checks.fail(name, f"None, as the {type(outcomes).__name__} says it", type(x).__name__)
    if isinstance(outcomes, Task):
        return outcomes, np.arange(outcomes.n_trials, dtype=np.int32)[None]
    made = outcomes
    if not isinstance(made, Schedule):
        more = {"available": available, "reset": reset, "inputs": inputs}
        made = schedule(outcomes, **more, chosen=model.n_actions is not None)
    _check_fits(made, model, outcomes)
    return None, _given(made, model)


def _check_fits(task: Schedule, model: Model, given: Any) -> None:
    """Refuse a schedule with other actions than the model's, or without an input that the model needs.

    `given` is what it was made of.
    """
    n = model.n_actions
    for x in jax.tree.leaves(task.outcomes):
        if x.shape[-1] != (n or 1):
            expected = f"shape (n_trials, {n}) or (n_subjects, n_trials, {n})"
            if n is None:
                expected = f"one number per trial, as {model.name} chooses nothing"
            known = x if isinstance(given, (Schedule, Mapping)) else _checks.plain_array("outcomes", given)
            _checks.fail("outcomes", expected, f"shape {known.shape}")
    for name in model.inputs:
        if name not in task.inputs:
            found = ", ".join(map(repr, task.inputs)) or None
            _checks.fail("inputs", f"{name!r}, which {model.name} needs", found)
    _levels.check_schedule(model, task)


def _counts(given: Any) -> dict[str, int]:
    """For how many subjects a schedule is, where it says so."""
    if not isinstance(given, _Given):
        return {}
    named = {"outcomes": given.outcomes, "available": given.row.trial.available, "reset": given.row.reset}
    named |= {"mask": given.row.learns, "inputs": given.row.trial.inputs}
    return {name: len(x) for name, tree in named.items() for x in jax.tree.leaves(tree) if len(x) > 1}


def _looked_at(model: Model, task: Task | None, given: Any, dtype: Any) -> tuple[str, ...]:
    """What the model and a task that reacts have to tell, once they are found to fit together."""
    if task is None:
        trial = given.row.trial
        spec, shown = _door.spec_of(given.outcomes, trial.available, trial.inputs, dtype), ()
    else:
        spec, shown = _door.check_task(task, model, dtype)
    tells = _door.check(model, spec, dtype)
    return (*tells.records, *tells.reports, *model.response.parts, *shown)


def _checked_record(record: Any, there: tuple[str, ...]) -> tuple[str, ...]:
    """Names of what to record, each once."""
    if record is None:
        return there
    if not isinstance(record, (str, tuple, list)):
        _checks.fail("record", "a tuple of names", type(record).__name__)
    record = (record,) if isinstance(record, str) else tuple(record)
    odd = [name for name in record if name not in (*there, *UNASKED)]
    if odd or not record:
        expected = f"some of {', '.join((*there, *UNASKED))}"
        _checks.fail("record", expected, ", ".join(map(repr, odd)) or "nothing")
    return tuple(name for name in (*there, *UNASKED) if name in record)
