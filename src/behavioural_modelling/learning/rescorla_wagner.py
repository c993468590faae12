r"""The asymmetric Rescorla-Wagner rule: for one trial, for one trial with a choice, for all trials.

The single-trial functions take `(value, what happened on the trial)` and return `(updated value, what
to record)`: the form that `jax.lax.scan` asks of its body. Bind the parameters with `functools.partial`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .. import _checks
from .._types import Numbers
from ..decision_rules import softmax
from ..utils import choice_from_uniform
from . import _trial_checks

__all__ = [
    "asymmetric_rescorla_wagner_update",
    "asymmetric_rescorla_wagner_update_choice",
    "asymmetric_rescorla_wagner_update_choice_iterator",
    "asymmetric_rescorla_wagner_update_iterator",
    "complement_counterfactual",
]

# The value of every action before the first trial, in the functions that run all trials.
INITIAL_VALUE = 0.5


def complement_counterfactual(reward: Numbers, chosen: Numbers) -> Float[Array, "... n_actions"]:
    r"""What the unchosen actions would have paid, if exactly one outcome of 0 or 1 is shared out.

    .. math:: R(a) = 1 - R(a_t) \quad \text{for every } a \ne a_t

    Right for outcomes of 0 and 1. Outcomes of -1 and +1 need their own function: minus the chosen
    action's reward.

    Args:
        reward: Outcome, one per action, shape (..., n_actions), or one number. Only the chosen
            action's entry is read.
        chosen: The choice, one-hot, shape (..., n_actions).

    Returns:
        One minus the chosen action's reward at the unchosen actions and 0 at the chosen one, shape
        (..., n_actions).

    Raises:
        ValueError: If `chosen` holds anything but 0 and 1, or the shapes do not match.

    Example:
        >>> complement_counterfactual([1.0, 0.0, 0.0], [1, 0, 0]).tolist()
        [0.0, 0.0, 0.0]
        >>> complement_counterfactual([0.0, 0.0, 1.0], [1, 0, 0]).tolist()
        [0.0, 1.0, 1.0]
    """
    reward = _checks.real_array("reward", reward)
    chosen = _checks.real_array("chosen", chosen)
    chosen = _trial_checks.one_choice("chosen", _checks.zeros_and_ones("chosen", chosen, chosen.shape))
    if not _checks.broadcasts_to(reward.shape, chosen.shape):
        _checks.fail("reward", f"a number, or shape {chosen.shape}", f"shape {reward.shape}")
    chosen = chosen != 0
    chosen_reward = jnp.where(chosen, reward, 0)
    if chosen.ndim:
        chosen_reward = chosen_reward.sum(axis=-1, keepdims=True)
    return jnp.where(chosen, 0, 1 - chosen_reward)


def asymmetric_rescorla_wagner_update(
    value: Numbers,
    outcome_chosen: tuple[Numbers, Numbers],
    alpha_p: Numbers,
    alpha_n: Numbers,
    counterfactual_value: Callable[[Array, Array], Array] = complement_counterfactual,
    update_all_options: bool = False,
) -> tuple[Float[Array, "... n_actions"], tuple[Array, Array]]:
    r"""Update values after one trial, with separate learning rates for good and bad surprises.

    .. math::
        \delta = R - V, \qquad
        V \leftarrow V + \begin{cases} \alpha_p\, \delta & \delta > 0 \\ \alpha_n\, \delta & \delta \le 0
        \end{cases}

    Only the chosen action is updated; the prediction error of the others is 0. A row of `chosen`
    with no 1 in it, a trial without a response, changes nothing.

    Args:
        value: :math:`V`, values before the outcome, shape (..., n_actions), or one number.
        outcome_chosen: `(outcome, chosen)`. The outcome :math:`R` has one entry per action, or is one
            number for the chosen action. `chosen` is the choice, one-hot, shape (..., n_actions);
            with several 1s, each of these actions learns from its own outcome.
        alpha_p: :math:`\alpha_p` in [0, 1], learning rate for positive prediction errors.
        alpha_n: :math:`\alpha_n` in [0, 1], learning rate for negative prediction errors.
        counterfactual_value: Function of `(outcome, chosen)` that gives what the unchosen actions
            are taken to have paid. Used where `update_all_options` is True.
        update_all_options: Whether the unchosen actions learn too, from their counterfactual value.

    Returns:
        `(updated_value, (value, prediction_error))`, each of the shape of `value`. The second `value`
        is the one before the outcome.

    Raises:
        ValueError: If shapes do not match, a learning rate is outside [0, 1], a value or an outcome
            is NaN or infinite, or `chosen` holds anything but 0 and 1.

    Example:
        >>> updated, (_, error) = asymmetric_rescorla_wagner_update(
        ...     jnp.array([0.5, 0.5]), (jnp.array([1.0, 1.0]), jnp.array([1, 0])), 0.4, 0.2
        ... )
        >>> print(updated, error)
        [0.7 0.5] [0.5 0. ]

    Source:
        Rescorla & Wagner (1972), in Classical Conditioning II; asymmetry: Lefebvre et al. (2017),
        doi 10.1038/s41562-017-0067.
    """
    value = _checks.real_array("value", value)
    _checks.finite("value", value)
    outcome, chosen = _checks.pair("outcome_chosen", outcome_chosen)
    if not callable(counterfactual_value):
        expected = "a function of (outcome, chosen)"
        _checks.fail("counterfactual_value", expected, repr(counterfactual_value))
    outcome = _trial_checks.trial_outcome(outcome, value)
    chosen = _checks.zeros_and_ones("chosen", chosen, value.shape)
    alpha_p = _checks.learning_rate("alpha_p", alpha_p, value.shape)
    alpha_n = _checks.learning_rate("alpha_n", alpha_n, value.shape)

    learns, target = chosen != 0, outcome
    if update_all_options is not False:  # a tracer may be either
        target = jnp.where(learns, outcome, counterfactual_value(outcome, chosen))
        responded = learns.any(axis=-1, keepdims=True) if learns.ndim else True
        learns = learns | (update_all_options & responded)
    prediction_error = jnp.where(learns, target - value, 0)
    alpha = jnp.where(prediction_error > 0, alpha_p, alpha_n)
    return value + alpha * prediction_error, (value, prediction_error)


def asymmetric_rescorla_wagner_update_choice(
    value: Numbers,
    outcome_key: tuple[Numbers, Key[Array, ""]],
    alpha_p: Numbers,
    alpha_n: Numbers,
    temperature: Numbers,
    n_actions: int,
    counterfactual_value: Callable[[Array, Array], Array] = complement_counterfactual,
    update_all_options: bool = False,
) -> tuple[Float[Array, "n_actions"], tuple[Array, Array, Array, Array]]:
    r"""Choose an action by softmax, then update values from its outcome: one whole trial.

    Args:
        value: Values before the trial, shape (n_actions,).
        outcome_key: `(outcome, key)`. The outcome has what each action would pay, shape (n_actions,),
            or is one number that every action pays. The key is one random key, for this trial alone.
        alpha_p: As in `asymmetric_rescorla_wagner_update`.
        alpha_n: As in `asymmetric_rescorla_wagner_update`.
        temperature: Softmax temperature, above 0, in the unit of the values.
        n_actions: How many actions there are; `value` must have as many.
        counterfactual_value: As in `asymmetric_rescorla_wagner_update`.
        update_all_options: As in `asymmetric_rescorla_wagner_update`.

    Returns:
        `(updated_value, (value, choice_p, choice_array, prediction_error))`, each of shape
        (n_actions,). `value` and `choice_p` are those before the outcome; `choice_array` is the
        choice, one-hot, int16.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner_update`; or if the temperature is not above 0,
            the key is no key, or `value` has not `n_actions` entries.
    """
    value = _checks.real_array("value", value)
    _trial_checks.n_actions_match(n_actions, "value", value.shape)
    if value.ndim != 1:
        _checks.fail("value", "one value per action, shape (n_actions,)", f"shape {value.shape}")
    _checks.finite("value", value)
    outcome, key = _checks.pair("outcome_key", outcome_key)
    outcome, key = _trial_checks.trial_outcome(outcome, value), _checks.random_key("key", key)
    step = partial(
        _choose_then_update,
        alpha_p=_checks.learning_rate("alpha_p", alpha_p, value.shape),
        alpha_n=_checks.learning_rate("alpha_n", alpha_n, value.shape),
        temperature=_checks.temperature(temperature, value.shape),
        counterfactual_value=counterfactual_value,
        update_all_options=update_all_options,
    )
    return step(value, (outcome, jax.random.uniform(key)))


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


def _choose_then_update(
    value: Float[Array, "n_actions"],
    outcome_uniform: tuple[Float[Array, "n_actions"], Float[Array, ""]],
    *,
    temperature: Float[Array, ""],
    **learning: Any,
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """One trial, its choice picked by a random number in [0, 1)."""
    outcome, uniform = outcome_uniform
    choice_p = softmax(value, temperature)
    choice = choice_from_uniform(uniform, choice_p)
    choice_array = jax.nn.one_hot(choice, value.shape[-1], dtype=jnp.int16)
    updated_value, (_, prediction_error) = asymmetric_rescorla_wagner_update(
        value, (outcome, choice_array), **learning
    )
    return updated_value, (value, choice_p, choice_array, prediction_error)


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
