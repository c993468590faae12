r"""One update: how the values move after an outcome, with separate rates for good and bad surprises."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from ... import _checks
from ..._types import Numbers
from .. import _trial_checks

__all__ = ["asymmetric_rescorla_wagner_update", "complement_counterfactual"]


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
