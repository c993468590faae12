r"""The hybrid of Pearce-Hall and Rescorla-Wagner: what surprised lately is learned from faster."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import _checks
from .._types import Numbers
from . import _trial_checks

__all__ = ["pearce_hall_update"]


def pearce_hall_update(
    value_associability: tuple[Numbers, Numbers],
    outcome_chosen: tuple[Numbers, Numbers],
    kappa: Numbers,
    eta: Numbers,
) -> tuple[tuple[Float[Array, "... n_actions"], Array], tuple[Array, Array, Array]]:
    r"""Update values and associabilities after one trial: the learning rate follows the surprise.

    .. math::
        \delta = R - V, \qquad
        V \leftarrow V + \min(\kappa\, \alpha, 1)\, \delta, \qquad
        \alpha \leftarrow \eta\, |\delta| + (1 - \eta)\, \alpha

    Only the chosen action is updated, its value and its associability; the prediction error of the others is
    0. The value moves by the associability from before the outcome. A learning rate above 1 would overshoot
    the outcome: it is held at 1.

    Args:
        value_associability: `(value, associability)`, :math:`V` and :math:`\alpha` before the outcome, each
            of shape (..., n_actions), or one number. The associability is at least 0, in the unit of the
            outcomes.
        outcome_chosen: `(outcome, chosen)`, as in `rescorla_wagner.asymmetric_rescorla_wagner_update`.
        kappa: :math:`\kappa` of at least 0, the learning rate per unit of associability.
        eta: :math:`\eta` in [0, 1], how fast the associability follows the surprises.

    Returns:
        `((updated_value, updated_associability), (value, associability, prediction_error))`, each of the
        shape of `value`. The second `value` and `associability` are those before the outcome.

    Raises:
        ValueError: If shapes do not match, a value or an outcome is NaN or infinite, an associability or
            `kappa` is below 0, `eta` is outside [0, 1], or `chosen` holds anything but 0 and 1.

    Example:
        >>> before = (jnp.array([0.5, 0.5]), jnp.array([1.0, 1.0]))
        >>> trial = (jnp.array([1.0, 0.0]), jnp.array([1, 0]))
        >>> (value, associability), _ = pearce_hall_update(before, trial, kappa=0.4, eta=0.2)
        >>> print(value, associability)
        [0.7 0.5] [0.9 1. ]

    Source:
        Li et al. (2011), doi 10.1038/nn.2904; associability: Pearce & Hall (1980),
        doi 10.1037/0033-295X.87.6.532.
    """
    value, associability = _checks.pair("value_associability", value_associability)
    value = _checks.real_array("value", value)
    associability = _checks.real_array("associability", associability)
    _checks.finite("value", value)
    _checks.in_range("associability", associability, 0)
    outcome, chosen = _checks.pair("outcome_chosen", outcome_chosen)
    outcome = _trial_checks.trial_outcome(outcome, value)
    learns = _checks.zeros_and_ones("chosen", chosen, value.shape) != 0
    kappa, eta = _checks.real_array("kappa", kappa), _checks.learning_rate("eta", eta, value.shape)
    _checks.in_range("kappa", kappa, 0)

    prediction_error = jnp.where(learns, outcome - value, 0)
    updated_value = value + jnp.minimum(kappa * associability, 1) * prediction_error
    moved = associability + eta * (jnp.abs(prediction_error) - associability)
    return (updated_value, jnp.where(learns, moved, associability)), (value, associability, prediction_error)
