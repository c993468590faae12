r"""One whole trial: an action is chosen by softmax, and the values move by what it paid."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ... import _checks
from ..._types import Numbers
from ...decision_rules import softmax, softmax_stickiness
from .. import _drawing, _trial_checks
from .update import asymmetric_rescorla_wagner_update, complement_counterfactual

__all__ = ["asymmetric_rescorla_wagner_update_choice", "asymmetric_rescorla_wagner_update_choice_sticky"]


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
    value = _trial_checks.row_of_values(value, n_actions)
    outcome, key = _checked_trial(outcome_key, value)
    step = partial(
        _choose_then_update,
        alpha_p=_checks.learning_rate("alpha_p", alpha_p, value.shape),
        alpha_n=_checks.learning_rate("alpha_n", alpha_n, value.shape),
        temperature=_checks.temperature(temperature, value.shape),
        counterfactual_value=counterfactual_value,
        update_all_options=update_all_options,
    )
    return step(value, (outcome, jax.random.uniform(key)))


def asymmetric_rescorla_wagner_update_choice_sticky(
    value_choice: tuple[Numbers, Numbers],
    outcome_key: tuple[Numbers, Key[Array, ""]],
    alpha_p: Numbers,
    alpha_n: Numbers,
    temperature: Numbers,
    stickiness: Numbers,
    n_actions: int,
    counterfactual_value: Callable[[Array, Array], Array] = complement_counterfactual,
    update_all_options: bool = False,
) -> tuple[tuple[Array, Array], tuple[Array, Array, Array, Array]]:
    r"""Choose an action by softmax with a bonus for the last one, then update values: one whole trial.

    .. math:: P(a) \propto e^{(V(a) + \kappa\, c_{t-1}(a)) / \tau}

    The values move as in `asymmetric_rescorla_wagner_update`. With a stickiness of 0 it is
    `asymmetric_rescorla_wagner_update_choice`.

    Args:
        value_choice: `(value, choice_array)`: the values before the trial, shape (n_actions,), and the choice
            of the trial before, :math:`c_{t-1}`, one-hot, shape (n_actions,). All zeros: there was none.
        outcome_key: As in `asymmetric_rescorla_wagner_update_choice`.
        alpha_p: As in `asymmetric_rescorla_wagner_update`.
        alpha_n: As in `asymmetric_rescorla_wagner_update`.
        temperature: As in `asymmetric_rescorla_wagner_update_choice`.
        stickiness: :math:`\kappa`, a number in the unit of the values. Above 0 the last choice is repeated
            more often, below 0 less often.
        n_actions: As in `asymmetric_rescorla_wagner_update_choice`.
        counterfactual_value: As in `asymmetric_rescorla_wagner_update`.
        update_all_options: As in `asymmetric_rescorla_wagner_update`.

    Returns:
        `((updated_value, choice_array), (value, choice_p, choice_array, prediction_error))`, each of shape
        (n_actions,). The first pair is what the next trial begins with; its `choice_array` is of the type of
        the one that was given, so that `jax.lax.scan` can carry it. The rest is as in
        `asymmetric_rescorla_wagner_update_choice`.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner_update_choice`; or if `value_choice` is no pair, its
            choice is not one entry of 0 or 1 per action with at most one 1, or the stickiness is not finite.

    Example:
        >>> trial = (jnp.array([1.0, 1.0]), jax.random.key(0))
        >>> (updated, last), (_, choice_p, _, _) = asymmetric_rescorla_wagner_update_choice_sticky(
        ...     ([0.5, 0.5], [0, 1]), trial, 0.4, 0.2, temperature=0.1, stickiness=1.0, n_actions=2
        ... )
        >>> print(updated, last, choice_p.round(3))
        [0.5 0.7] [0 1] [0. 1.]

    Source:
        Lau & Glimcher (2005), doi 10.1901/jeab.2005.110-04.
    """
    value, last = _checks.pair("value_choice", value_choice)
    value = _trial_checks.row_of_values(value, n_actions)
    last_type = last.dtype if isinstance(last, jax.Array) else jnp.int16
    last = _trial_checks.one_choice("choice_array", _checks.zeros_and_ones("choice_array", last, value.shape))
    stickiness = _trial_checks.any_number("stickiness", stickiness, ())
    outcome, key = _checked_trial(outcome_key, value)
    temperature = _checks.temperature(temperature, value.shape)
    learn = partial(
        _draw_then_update,
        alpha_p=_checks.learning_rate("alpha_p", alpha_p, value.shape),
        alpha_n=_checks.learning_rate("alpha_n", alpha_n, value.shape),
        counterfactual_value=counterfactual_value,
        update_all_options=update_all_options,
    )
    choice_p = softmax_stickiness(value, temperature, stickiness, last)
    updated_value, recorded = learn(value, (outcome, jax.random.uniform(key)), choice_p)
    return (updated_value, recorded[2].astype(last_type)), recorded


def _checked_trial(outcome_key: Any, value: Array) -> tuple[Array, Array]:
    """What the trial pays, and the key that its choice is drawn with."""
    outcome, key = _checks.pair("outcome_key", outcome_key)
    return _trial_checks.trial_outcome(outcome, value), _checks.random_key("key", key)


def _choose_then_update(
    value: Float[Array, "n_actions"],
    outcome_uniform: tuple[Float[Array, "n_actions"], Float[Array, ""]],
    *,
    temperature: Float[Array, ""],
    **learning: Any,
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """One trial, its choice made by softmax, and picked by a random number in [0, 1)."""
    return _draw_then_update(value, outcome_uniform, softmax(value, temperature), **learning)


def _draw_then_update(
    value: Float[Array, "n_actions"],
    outcome_uniform: tuple[Float[Array, "n_actions"], Float[Array, ""]],
    choice_p: Float[Array, "n_actions"],
    **learning: Any,
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """One trial, whose choice has these probabilities."""
    outcome, uniform = outcome_uniform
    choice_array = _drawing.drawn(uniform, choice_p)
    updated_value, (_, prediction_error) = asymmetric_rescorla_wagner_update(
        value, (outcome, choice_array), **learning
    )
    return updated_value, (value, choice_p, choice_array, prediction_error)
