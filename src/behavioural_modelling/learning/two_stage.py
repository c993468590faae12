r"""Two choices in a row, of which the second pays: what both learn from it."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import _checks
from .._compute import rows
from .._types import Numbers
from . import _trial_checks

__all__ = ["two_stage_update"]


def two_stage_update(
    values: tuple[Numbers, Numbers],
    outcome_chosen: tuple[Numbers, Numbers, Numbers],
    alpha_1: Numbers,
    alpha_2: Numbers,
    eligibility_trace: Numbers,
) -> tuple[tuple[Array, Array], tuple[tuple[Array, Array], tuple[Array, Array]]]:
    r"""Update the values of a first and of a second choice after what the second one paid: SARSA(lambda).

    .. math::
        \delta_1 = Q_2(a_2) - Q_1(a_1), \qquad \delta_2 = R - Q_2(a_2)

        Q_1(a_1) \leftarrow Q_1(a_1) + \alpha_1\, (\delta_1 + \lambda\, \delta_2), \qquad
        Q_2(a_2) \leftarrow Q_2(a_2) + \alpha_2\, \delta_2

    Both errors are those before anything is learned from the trial. With :math:`\lambda = 0` the first choice
    learns from the value of the second alone, with :math:`\lambda = 1` from what was paid alone.

    Args:
        values: The pair of :math:`Q_1`, shape (n_first,), and :math:`Q_2`, shape (n_second,): the values of
            all first and of all second choices, those of other places included.
        outcome_chosen: `(outcome, chosen_1, chosen_2)`. The outcome :math:`R` is one number; the choices are
            one-hot, shapes (n_first,) and (n_second,). Where the first is all 0, nothing is learned for it;
            where the second is, nothing is learned at all.
        alpha_1: :math:`\alpha_1` in [0, 1], the learning rate of first choices, a number.
        alpha_2: :math:`\alpha_2` in [0, 1], the learning rate of second choices, a number.
        eligibility_trace: :math:`\lambda` in [0, 1], a number.

    Returns:
        `(updated values, (values, prediction_errors))`. The second `values` are those before; the
        errors are a pair like the values, 0 where nothing was chosen.

    Raises:
        ValueError: If these are no pairs and triples, shapes do not match, a value or the outcome is not
            finite, a choice is not one-hot, or a parameter is outside [0, 1].

    Example:
        >>> values = jnp.array([0.5, 0.5]), jnp.array([0.25, 0.5, 0.5, 0.5])
        >>> trial = 1.0, jnp.array([0, 1]), jnp.array([1, 0, 0, 0])
        >>> (first, second), _ = two_stage_update(values, trial, 0.5, 0.5, 1.0)
        >>> first.tolist(), second.tolist()
        ([0.5, 0.75], [0.625, 0.5, 0.5, 0.5])

    Source:
        Daw et al. (2011), doi 10.1016/j.neuron.2011.02.027.
    """
    first, second = (_checked_values(x) for x in _checks.pair("values", values))
    outcome, chosen_1, chosen_2 = _checked_trial(outcome_chosen, first, second)
    alpha_1 = _checks.learning_rate("alpha_1", alpha_1, ())
    alpha_2 = _checks.learning_rate("alpha_2", alpha_2, ())
    trace = _checks.learning_rate("eligibility_trace", eligibility_trace, ())

    arrived = chosen_1 * rows.row_sum(chosen_2)  # nobody arrived where no second choice was made
    error_1 = arrived * (rows.row_sum(chosen_2 * second) - first)
    error_2 = chosen_2 * (outcome - second)
    moved = error_1 + arrived * trace * rows.row_sum(error_2)
    return (first + alpha_1 * moved, second + alpha_2 * error_2), ((first, second), (error_1, error_2))


def _checked_values(values: Any) -> Float[Array, "n"]:
    """A row of finite values."""
    values = _checks.real_array("values", values)
    if values.ndim != 1 or not values.size:
        _checks.fail(
            "values", "two rows of values, shapes (n_first,) and (n_second,)", f"shape {values.shape}"
        )
    _checks.finite("values", values)
    return values


def _checked_trial(trial: Any, first: Array, second: Array) -> tuple[Array, Array, Array]:
    """One finite outcome, and two choices that are one-hot or nothing."""
    if not isinstance(trial, (tuple, list)) or len(trial) != 3:
        received = f"{len(trial)} of them" if isinstance(trial, (tuple, list)) else type(trial).__name__
        _checks.fail("outcome_chosen", "the outcome and two choices", received)
    outcome = _trial_checks.trial_outcome(trial[0], jnp.zeros(()))
    chosen = []
    for name, x, value in (("chosen_1", trial[1], first), ("chosen_2", trial[2], second)):
        x = _checks.zeros_and_ones(name, x, value.shape)
        chosen.append(_trial_checks.one_choice(name, x))
    return outcome, chosen[0], chosen[1]
