r"""Rules for the Iowa gambling task: the decay rule, and outcome representation."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import _checks
from .._compute import rows
from .._types import Numbers
from . import _trial_checks

__all__ = ["decay_update", "outcome_representation_update"]


def decay_update(
    value: Numbers, outcome_chosen: tuple[Numbers, Numbers], retention: Numbers
) -> tuple[Float[Array, "... n_actions"], Float[Array, "... n_actions"]]:
    r"""Update values after one trial by the decay rule: all of them fade, and the outcome is added to one.

    .. math::
        V(a) \leftarrow \rho\, V(a) + c_t(a)\, R

    There is no prediction error: a value grows with every good outcome, up to :math:`R / (1 - \rho)`.

    Args:
        value: :math:`V`, values before the outcome, shape (..., n_actions).
        outcome_chosen: `(outcome, chosen)`, as in `asymmetric_rescorla_wagner_update`. A row of `chosen` with
            no 1 in it changes nothing.
        retention: :math:`\rho` in [0, 1], the share of every value that is left after a trial.

    Returns:
        `(updated_value, value)`, each of the shape of `value`; the second is the one before the outcome.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner_update`; or if `retention` is outside [0, 1].

    Example:
        >>> updated, _ = decay_update(jnp.array([1.0, 2.0]), (3.0, jnp.array([1, 0])), 0.5)
        >>> print(updated)
        [3.5 1. ]

    Source:
        Erev & Roth (1998), in The American Economic Review 88; for the task: Ahn et al. (2008), doi
        10.1080/03640210802352992.
    """
    value, outcome, chosen = _one_trial(value, outcome_chosen)
    retention = _checks.learning_rate("retention", retention, value.shape)
    updated = retention * value + jnp.where(chosen != 0, outcome, 0)
    return jnp.where(rows.row_sum(chosen) > 0, updated, value), value


def outcome_representation_update(
    state: tuple[Numbers, Numbers, Numbers],
    outcome_chosen: tuple[Numbers, Numbers],
    alpha_reward: Numbers,
    alpha_punishment: Numbers,
    perseverance_decay: Numbers,
) -> tuple[tuple[Array, Array, Array], tuple[tuple[Array, Array, Array], Array]]:
    r"""Update what outcome-representation learning keeps of each action: value, frequency of wins, recency.

    .. math::
        V(a_t) \leftarrow V(a_t) + \alpha_{+|-}\, (R - V(a_t)), \qquad
        F(a_t) \leftarrow F(a_t) + \alpha_{+|-}\, (\operatorname{sgn} R - F(a_t))

    .. math::
        F(a) \leftarrow F(a) + \alpha_{-|+} \left(\frac{-\operatorname{sgn} R}{n - 1} - F(a)\right)
        \quad \text{for every } a \ne a_t

    .. math::
        P(a_t) \leftarrow 1, \qquad P(a) \leftarrow 3^{-k}\, P(a)

    With an outcome of at least 0 the chosen action learns at the rate for rewards and the others at that for
    punishments; with a loss it is the other way round.

    Args:
        state: `(value, frequency, perseverance)`, :math:`V`, :math:`F` and :math:`P` before the outcome, each
            of shape (..., n_actions), for at least 2 actions.
        outcome_chosen: `(outcome, chosen)`, as in `asymmetric_rescorla_wagner_update`, one action chosen. A
            row of `chosen` with no 1 in it changes nothing.
        alpha_reward: :math:`\alpha_+` in [0, 1], learning rate for outcomes of at least 0.
        alpha_punishment: :math:`\alpha_-` in [0, 1], learning rate for losses.
        perseverance_decay: :math:`k \ge 0`. At 0 the perseverance stays for ever.

    Returns:
        `(updated_state, (state, prediction_error))`. `state` is the one before the outcome; the prediction
        error is that of the value, 0 for what was not chosen.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner_update`; or if there are fewer than 2 actions, more than
            one is chosen, or `perseverance_decay` is negative or not finite.

    Example:
        >>> start = (jnp.zeros(3), jnp.zeros(3), jnp.zeros(3))
        >>> updated, _ = outcome_representation_update(start, (2.0, jnp.array([1, 0, 0])), 0.5, 0.1, 1.0)
        >>> print(*(x.round(3) for x in updated))
        [1. 0. 0.] [ 0.5  -0.05 -0.05] [0.333 0.    0.   ]

    Source:
        Haines et al. (2018), doi 10.1111/cogs.12688.
    """
    value, frequency, perseverance = _checked_state(state)
    value, outcome, chosen = _one_trial(value, outcome_chosen)
    _trial_checks.one_choice("chosen", chosen)
    rates = {"alpha_reward": alpha_reward, "alpha_punishment": alpha_punishment}
    rates = [_checks.learning_rate(name, x, value.shape) for name, x in rates.items()]
    perseverance_decay = _checks.real_array("perseverance_decay", perseverance_decay)
    _checks.in_range("perseverance_decay", perseverance_decay, 0)
    left = jnp.exp(-jnp.log(3.0) * perseverance_decay)

    is_chosen, responded = chosen != 0, rows.row_sum(chosen) > 0
    paid = rows.row_sum(jnp.where(is_chosen, outcome, 0))
    own, other = jnp.where(paid >= 0, rates[0], rates[1]), jnp.where(paid >= 0, rates[1], rates[0])
    error = jnp.where(is_chosen, paid - value, 0)
    sign = jnp.where(is_chosen, jnp.sign(paid), -jnp.sign(paid) / (value.shape[-1] - 1))
    moved = frequency + jnp.where(is_chosen, own, other) * (sign - frequency)
    recent = jnp.where(is_chosen, 1, perseverance) * left
    before = (value, frequency, perseverance)
    after = (value + own * error, jnp.where(responded, moved, frequency))
    return (*after, jnp.where(responded, recent, perseverance)), (before, error)


def _one_trial(value: Any, outcome_chosen: Any) -> tuple[Array, Array, Array]:
    """Values, the outcome and the choice of one trial, checked."""
    value = _checks.action_values(value)
    outcome, chosen = _checks.pair("outcome_chosen", outcome_chosen)
    outcome = _trial_checks.trial_outcome(outcome, value)
    return value, outcome, _checks.zeros_and_ones("chosen", chosen, value.shape)


def _checked_state(state: Any) -> list[Array]:
    """Three arrays of one shape, for at least 2 actions."""
    names = ("value", "frequency", "perseverance")
    if not isinstance(state, (tuple, list)) or len(state) != len(names):
        _checks.fail("state", "three arrays: " + ", ".join(names), _said(state))
    arrays = [_checks.with_actions(name, x) for name, x in zip(names, state, strict=True)]
    for name, x in zip(names, arrays, strict=True):
        _checks.finite(name, x)
        if x.shape != arrays[0].shape or x.shape[-1] < 2:
            expected = f"shape {arrays[0].shape}, as value, for at least 2 actions"
            _checks.fail(name, expected, f"shape {x.shape}")
    return arrays


def _said(x: Any) -> str:
    return f"{len(x)} of them" if isinstance(x, (tuple, list)) else type(x).__name__
