r"""A learning rate that depends on how volatile the world is said to be, and on the sign of the surprise."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ... import _checks
from ..._types import Numbers
from ...decision_rules import softmax
from .. import _drawing, _trial_checks

__all__ = [
    "asymmetric_volatile_dynamic_rescorla_wagner_update_choice",
    "asymmetric_volatile_rescorla_wagner_single_value_update_choice",
    "asymmetric_volatile_rescorla_wagner_update",
]


def asymmetric_volatile_rescorla_wagner_update(
    value: Numbers,
    outcome_chosen_volatility: tuple[Numbers, Numbers, Numbers],
    alpha_base: Numbers,
    alpha_volatility: Numbers,
    alpha_pos_neg: Numbers,
    alpha_interaction: Numbers,
) -> tuple[Float[Array, "... n_actions"], tuple[Array, Array]]:
    r"""Update values after one trial, with a learning rate that depends on volatility and on the surprise.

    .. math::
        \delta = R - V, \qquad V \leftarrow V + \alpha\, \delta, \qquad
        \alpha = \sigma\left(\alpha_b + \alpha_v\, v + \alpha_s\, \mathrm{sign}(\delta)
        + \alpha_i\, v\, \mathrm{sign}(\delta)\right)

    :math:`\sigma(x) = 1 / (1 + e^{-x})` keeps the rate between 0 and 1, so the four parameters may be any
    numbers. Only the chosen action is updated; the prediction error of the others is 0. A row of `chosen`
    with no 1 in it, a trial without a response, changes nothing.

    Args:
        value: As in `asymmetric_rescorla_wagner_update`.
        outcome_chosen_volatility: `(outcome, chosen, volatility)`. The first two are those of
            `asymmetric_rescorla_wagner_update`; the volatility :math:`v`, such as 1 in a volatile block and 0
            in a stable one, is a number, or an array that stands beside `value`.
        alpha_base: :math:`\alpha_b`, the learning rate where all else is 0, in log-odds.
        alpha_volatility: :math:`\alpha_v`, what a volatility of 1 adds to it.
        alpha_pos_neg: :math:`\alpha_s`, what is added where the prediction error is above 0, and taken away
            where it is below.
        alpha_interaction: :math:`\alpha_i`, what a volatility of 1 adds to :math:`\alpha_s`.

    Returns:
        As in `asymmetric_rescorla_wagner_update`.

    Raises:
        ValueError: If shapes do not match, there are no three things in `outcome_chosen_volatility`, a value,
            an outcome, a volatility or a parameter is NaN or infinite, or `chosen` holds anything else than 0
            and 1.

    Example:
        >>> trial = (jnp.array([1.0, 1.0]), jnp.array([1, 0]), 1.0)
        >>> updated, (_, error) = asymmetric_volatile_rescorla_wagner_update(
        ...     jnp.array([0.5, 0.5]), trial, -2.0, 2.0, 0.0, 0.0
        ... )
        >>> print(updated, error)
        [0.75 0.5 ] [0.5 0. ]

    Source:
        Volatility: Behrens et al. (2007), doi 10.1038/nn1954; with the sign of the surprise: Pulcu & Browning
        (2017), doi 10.7554/eLife.27879.
    """
    value = _checks.real_array("value", value)
    _checks.finite("value", value)
    outcome, chosen, volatility = _three("outcome_chosen_volatility", outcome_chosen_volatility)
    outcome = _trial_checks.trial_outcome(outcome, value)
    chosen = _checks.zeros_and_ones("chosen", chosen, value.shape)
    volatility = _trial_checks.any_number("volatility", volatility, value.shape)
    rates = _checked_rates(value.shape, alpha_base, alpha_volatility, alpha_pos_neg, alpha_interaction)
    return _updated(value, outcome, chosen, volatility, rates)


def asymmetric_volatile_dynamic_rescorla_wagner_update_choice(
    value: Numbers,
    outcome_key_volatility: tuple[Numbers, Key[Array, ""], Numbers],
    alpha_base: Numbers,
    alpha_volatility: Numbers,
    alpha_pos_neg: Numbers,
    alpha_interaction: Numbers,
    temperature: Numbers,
    n_actions: int,
) -> tuple[Float[Array, "n_actions"], tuple[Array, Array, Array, Array]]:
    r"""Choose an action by softmax, then update values at a rate that depends on volatility: one whole trial.

    Args:
        value: Values before the trial, shape (n_actions,).
        outcome_key_volatility: `(outcome, key, volatility)`: the first two are those of
            `asymmetric_rescorla_wagner_update_choice`; the volatility is a number.
        alpha_base: As in `asymmetric_volatile_rescorla_wagner_update`.
        alpha_volatility: As in `asymmetric_volatile_rescorla_wagner_update`.
        alpha_pos_neg: As in `asymmetric_volatile_rescorla_wagner_update`.
        alpha_interaction: As in `asymmetric_volatile_rescorla_wagner_update`.
        temperature: As in `asymmetric_rescorla_wagner_update_choice`.
        n_actions: As in `asymmetric_rescorla_wagner_update_choice`.

    Returns:
        As in `asymmetric_rescorla_wagner_update_choice`.

    Raises:
        ValueError: As in `asymmetric_volatile_rescorla_wagner_update`; or if the temperature is not above 0,
            the key is no key, or `value` has not `n_actions` entries.
    """
    value = _trial_checks.row_of_values(value, n_actions)
    outcome, key, volatility = _three("outcome_key_volatility", outcome_key_volatility)
    outcome = _trial_checks.trial_outcome(outcome, value)
    volatility = _trial_checks.any_number("volatility", volatility, value.shape)
    key, temperature = _checks.random_key("key", key), _checks.temperature(temperature, value.shape)
    rates = _checked_rates(value.shape, alpha_base, alpha_volatility, alpha_pos_neg, alpha_interaction)
    choice_p = softmax(value, temperature)
    choice_array = _drawing.drawn(jax.random.uniform(key), choice_p)
    updated_value, (_, error) = _updated(value, outcome, choice_array, volatility, rates)
    return updated_value, (value, choice_p, choice_array, error)


def asymmetric_volatile_rescorla_wagner_single_value_update_choice(
    value: Numbers,
    outcome_key_volatility: tuple[Numbers, Key[Array, ""], Numbers],
    alpha_base: Numbers,
    alpha_volatility: Numbers,
    alpha_pos_neg: Numbers,
    alpha_interaction: Numbers,
    temperature: Numbers,
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    r"""Choose between two actions of which one value is held, then update it: one whole trial.

    .. math:: V(0) = V, \qquad V(1) = 1 - V

    For tasks in which exactly one of two actions pays, 0 or 1. The value is that of action 0, and so is the
    outcome: 1 where action 0 was the one that paid, 0 where action 1 was. It is learned from on every trial,
    whichever action is chosen, since the outcome of one tells that of the other. Where the data have what the
    chosen action paid, turn it around for choices of action 1: `1 - outcome`.

    Args:
        value: :math:`V`, the value of action 0 before the trial, in one number: shape () or (1,). A plain
            Python number is taken as shape (1,).
        outcome_key_volatility: `(outcome, key, volatility)`: what action 0 paid; one random key, for this
            trial alone; the volatility, as in `asymmetric_volatile_rescorla_wagner_update`. Each but the key
            is a number.
        alpha_base: As in `asymmetric_volatile_rescorla_wagner_update`.
        alpha_volatility: As in `asymmetric_volatile_rescorla_wagner_update`.
        alpha_pos_neg: As in `asymmetric_volatile_rescorla_wagner_update`; the surprise is that of action 0.
        alpha_interaction: As in `asymmetric_volatile_rescorla_wagner_update`.
        temperature: As in `asymmetric_rescorla_wagner_update_choice`.

    Returns:
        `(updated_value, (value, choice_p, choice_array, prediction_error))`. The values and the prediction
        error are of the shape of `value`; `choice_p` and `choice_array`, one-hot, int16, are of shape (2,).
        `value` and `choice_p` are those before the outcome.

    Raises:
        ValueError: As in `asymmetric_volatile_dynamic_rescorla_wagner_update_choice`; or if `value` is not
            one number.

    Example:
        >>> _, (value, choice_p, _, _) = asymmetric_volatile_rescorla_wagner_single_value_update_choice(
        ...     jnp.array(0.75), (1.0, jax.random.key(0), 0.0), -1.0, 1.0, 0.0, 0.0, temperature=0.25
        ... )
        >>> float(value), [round(float(p), 3) for p in choice_p]
        (0.75, [0.881, 0.119])
    """
    value = np.atleast_1d(value) if isinstance(value, (int, float)) else value
    value = _checks.real_array("value", value)
    if value.shape not in ((), (1,)):
        _checks.fail("value", "one number, shape () or (1,)", f"shape {value.shape}")
    _checks.finite("value", value)
    outcome, key, volatility = _three("outcome_key_volatility", outcome_key_volatility)
    outcome = _trial_checks.trial_outcome(outcome, value)
    volatility = _trial_checks.any_number("volatility", volatility, value.shape)
    key, temperature = _checks.random_key("key", key), _checks.temperature(temperature, (2,))
    rates = _checked_rates(value.shape, alpha_base, alpha_volatility, alpha_pos_neg, alpha_interaction)
    choice_p = softmax(jnp.stack([value, 1 - value], axis=-1).reshape(2), temperature)
    choice_array = _drawing.drawn(jax.random.uniform(key), choice_p)
    updated_value, (_, error) = _updated(value, outcome, jnp.ones(value.shape), volatility, rates)
    return updated_value, (value, choice_p, choice_array, error)


def _updated(value: Array, outcome: Array, chosen: Array, volatility: Array, rates: list[Array]) -> Any:
    """`asymmetric_volatile_rescorla_wagner_update` on checked arguments."""
    base, by_volatility, by_sign, by_both = rates
    prediction_error = jnp.where(chosen != 0, outcome - value, 0)
    sign = jnp.sign(prediction_error)
    alpha = jax.nn.sigmoid(base + by_volatility * volatility + by_sign * sign + by_both * volatility * sign)
    return value + alpha * prediction_error, (value, prediction_error)


def _checked_rates(shape: tuple[int, ...], *rates: Any) -> list[Array]:
    """The four parameters of the learning rate, each a number or one that stands beside `shape`."""
    names = ("alpha_base", "alpha_volatility", "alpha_pos_neg", "alpha_interaction")
    return [_trial_checks.any_number(name, x, shape) for name, x in zip(names, rates, strict=True)]


def _three(name: str, x: Any) -> tuple[Any, Any, Any]:
    """Three things in a tuple or list."""
    if not isinstance(x, (tuple, list)) or len(x) != 3:
        received = f"{len(x)} of them" if isinstance(x, (tuple, list)) else type(x).__name__
        _checks.fail(name, "three things, in a tuple", received)
    return x[0], x[1], x[2]
