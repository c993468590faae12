"""Checks of what the functions in `rescorla_wagner` take: one trial's input, or all trials'."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from .. import _checks

__all__: list[str] = []


def trial_outcome(outcome: Any, value: jax.Array) -> jax.Array:
    """One trial's outcome checked: finite, one number or one entry per action."""
    outcome = _checks.real_array("outcome", outcome)
    _checks.finite("outcome", outcome)
    if not _checks.broadcasts_to(outcome.shape, value.shape):
        _checks.fail("outcome", f"a number, or shape {value.shape}", f"shape {outcome.shape}")
    return outcome


def all_outcomes(outcomes: Any) -> jax.Array:
    """All trials' outcomes checked: finite, at least one trial."""
    outcomes = _checks.real_array("outcomes", outcomes)
    if outcomes.ndim not in (1, 2):
        expected = "shape (n_trials, n_actions) or (n_trials,)"
        _checks.fail("outcomes", expected, f"shape {outcomes.shape}")
    if 0 in outcomes.shape:
        _checks.fail("outcomes", "at least one trial and one action", f"shape {outcomes.shape}")
    _checks.finite("outcomes", outcomes)
    return outcomes


def one_choice(name: str, chosen: jax.Array) -> jax.Array:
    """Refuse rows in which more than one action was chosen."""
    values = _checks.known_values(chosen)
    if values is not None and values.ndim and (values.sum(axis=-1) > 1).any():
        _checks.fail(name, "at most one chosen action per trial", "rows with more than one 1")
    return chosen


def one_hot_choices(choices: Any, outcomes: jax.Array) -> jax.Array:
    """Choices checked and turned to one-hot rows, one per trial of `outcomes`."""
    choices = _checks.plain_array("choices", choices)
    shape = choices.shape
    if len(shape) not in (1, 2) or shape[0] != outcomes.shape[0]:
        expected = f"shape ({outcomes.shape[0]}, n_actions) or ({outcomes.shape[0]},)"
        _checks.fail("choices", expected, f"shape {shape}")
    if len(shape) == 2:
        columns = outcomes.shape[1] if outcomes.ndim == 2 else shape[1]
        return one_choice("choices", _checks.zeros_and_ones("choices", choices, (shape[0], columns)))
    if outcomes.ndim == 1:
        expected = "one-hot rows, since one-dimensional outcomes do not say how many actions there are"
        _checks.fail("choices", expected, f"shape {shape}")
    choices = _checks.actions("choices", choices, outcomes.shape[1])
    return jax.nn.one_hot(choices, outcomes.shape[1], dtype=jnp.int16)


def n_actions_match(n_actions: int, name: str, shape: tuple[int, ...]) -> None:
    """Hold `n_actions` against the last axis of an array; `jit` may trace it, and then it says nothing."""
    if isinstance(n_actions, Tracer):
        return
    if isinstance(n_actions, jax.Array) and n_actions.ndim == 0:
        n_actions = n_actions.item()
    n_actions = _checks.size("n_actions", n_actions, minimum=1)
    if shape[-1:] != (n_actions,):
        _checks.fail(name, f"a last axis of n_actions = {n_actions}", f"shape {shape}")


def row_of_values(value: Any, n_actions: int) -> jax.Array:
    """Values before a trial checked: one finite number for each of `n_actions` actions."""
    value = _checks.real_array("value", value)
    n_actions_match(n_actions, "value", value.shape)
    if value.ndim != 1:
        _checks.fail("value", "one value per action, shape (n_actions,)", f"shape {value.shape}")
    _checks.finite("value", value)
    return value


def any_number(name: str, x: Any, shape: tuple[int, ...]) -> jax.Array:
    """A finite number, or an array of them that stands beside `shape`."""
    x = _checks.real_array(name, x)
    _checks.finite(name, x)
    if not _checks.broadcasts_to(x.shape, shape):
        _checks.fail(name, f"a number, or shape {shape}" if shape else _checks.ONE_NUMBER, f"shape {x.shape}")
    return x
