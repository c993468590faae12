r"""All trials of one subject: with its choices made on the way, or with choices that are known."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ... import _checks
from ..._types import Numbers
from .. import _trial_checks
from .choice import _choose_then_update
from .update import asymmetric_rescorla_wagner_update

__all__ = [
    "asymmetric_rescorla_wagner_update_choice_iterator",
    "asymmetric_rescorla_wagner_update_iterator",
]

# The value of every action before the first trial, in the functions that run all trials.
INITIAL_VALUE = 0.5


def asymmetric_rescorla_wagner_update_choice_iterator(
    outcomes: Numbers,
    alpha_p: Numbers,
    alpha_n: Numbers,
    temperature: Numbers,
    n_actions: int,
    key: Key[Array, ""],
) -> tuple[Array, Array, Array, Array]:
    r"""Choose and learn over all trials of one subject. Values start at 0.5.

    The random numbers of all trials are drawn from the key at the start, one per trial. To run many
    subjects, `jax.vmap` it with positional arguments: `in_axes=(None, 0, 0, 0, None, 0)` shares the
    outcomes and gives each subject its own parameters and key.

    Args:
        outcomes: What each action would pay on each trial, shape (n_trials, n_actions).
        alpha_p: As in `asymmetric_rescorla_wagner_update`, a number.
        alpha_n: As in `asymmetric_rescorla_wagner_update`, a number.
        temperature: Softmax temperature, a number above 0, in the unit of the values.
        n_actions: How many actions there are; `outcomes` must have as many columns.
        key: The subject's random key.

    Returns:
        `(values, choice_p, choices, prediction_errors)`, each of shape (n_trials, n_actions). `values`
        and `choice_p` are those before the trial's outcome; `choices` is one-hot, int16.

    Raises:
        ValueError: If there is no trial, shapes do not match, an outcome is NaN or infinite, a
            parameter is out of its range, or the key is no key.
    """
    outcomes = _trial_checks.all_outcomes(outcomes)
    if outcomes.ndim != 2:
        _checks.fail("outcomes", "shape (n_trials, n_actions)", f"shape {outcomes.shape}")
    _trial_checks.n_actions_match(n_actions, "outcomes", outcomes.shape)
    return _iterate_choices(
        outcomes,
        _checks.learning_rate("alpha_p", alpha_p, ()),
        _checks.learning_rate("alpha_n", alpha_n, ()),
        _checks.temperature(temperature, outcomes.shape[1:]),
        _checks.random_key("key", key),
    )


def asymmetric_rescorla_wagner_update_iterator(
    outcomes: Numbers,
    choices: Numbers,
    alpha_p: Numbers,
    alpha_n: Numbers,
) -> tuple[Float[Array, "n_trials n_actions"], Float[Array, "n_trials n_actions"]]:
    r"""Learn over all trials of one subject whose choices are known. Values start at 0.5.

    Args:
        outcomes: What each action paid on each trial, shape (n_trials, n_actions), or what the chosen
            action paid, shape (n_trials,). Entries of unchosen actions are not read.
        choices: One-hot choices, shape (n_trials, n_actions), or integers in [0, n_actions), shape
            (n_trials,). Integers need two-dimensional outcomes, which say how many actions there are.
            A row of zeros is a trial without a response: nothing is learned from it.
        alpha_p: As in `asymmetric_rescorla_wagner_update`, a number.
        alpha_n: As in `asymmetric_rescorla_wagner_update`, a number.

    Returns:
        `(values, prediction_errors)`, each of shape (n_trials, n_actions); values are those before
        the trial's outcome.

    Raises:
        ValueError: If there is no trial, shapes do not match, an outcome is NaN or infinite, a choice
            is not an action, or a learning rate is outside [0, 1].
    """
    outcomes = _trial_checks.all_outcomes(outcomes)
    alpha_p = _checks.learning_rate("alpha_p", alpha_p, ())
    alpha_n = _checks.learning_rate("alpha_n", alpha_n, ())
    chosen = _trial_checks.one_hot_choices(choices, outcomes)
    outcomes = outcomes if outcomes.ndim == 2 else outcomes[:, None]
    return _iterate_updates(outcomes, chosen, alpha_p, alpha_n)


@jax.jit
def _iterate_choices(outcomes, alpha_p, alpha_n, temperature, key):
    """`asymmetric_rescorla_wagner_update_choice_iterator` on checked arguments."""
    uniforms = jax.random.uniform(key, outcomes.shape[:1])
    step = partial(_choose_then_update, alpha_p=alpha_p, alpha_n=alpha_n, temperature=temperature)
    value = _initial_value(outcomes.shape[-1], outcomes, alpha_p, alpha_n)
    return jax.lax.scan(step, value, (outcomes, uniforms))[1]


@jax.jit
def _iterate_updates(outcomes, chosen, alpha_p, alpha_n):
    """`asymmetric_rescorla_wagner_update_iterator` on checked arguments."""
    step = partial(asymmetric_rescorla_wagner_update, alpha_p=alpha_p, alpha_n=alpha_n)
    value = _initial_value(chosen.shape[-1], outcomes, alpha_p, alpha_n)
    return jax.lax.scan(step, value, (outcomes, chosen))[1]


def _initial_value(n_actions: int, *inputs: Array) -> Float[Array, "n_actions"]:
    """Values before the first trial, as precise as the most precise of the inputs."""
    return jnp.full(n_actions, INITIAL_VALUE, dtype=jnp.result_type(*inputs))
