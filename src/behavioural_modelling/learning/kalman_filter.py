r"""The Kalman filter: what each action is thought to pay, and how uncertain that is."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import _checks
from .._types import Numbers
from . import _trial_checks

__all__ = ["kalman_filter_update"]


def kalman_filter_update(
    mean_variance: tuple[Numbers, Numbers],
    outcome_chosen: tuple[Numbers, Numbers],
    observation_sd: Numbers,
    drift_sd: Numbers,
    decay: Numbers = 1.0,
    centre: Numbers = 0.0,
) -> tuple[tuple[Float[Array, "... n_actions"], Array], tuple[Array, Array, Array, Array]]:
    r"""Update means and variances after one trial: learn from the outcome, then let all actions drift.

    .. math::
        k = \frac{\sigma^2}{\sigma^2 + \sigma_o^2}, \qquad
        \mu \leftarrow \mu + k\, (R - \mu), \qquad
        \sigma^2 \leftarrow (1 - k)\, \sigma^2

    .. math::
        \mu \leftarrow \lambda \mu + (1 - \lambda)\, \theta, \qquad
        \sigma^2 \leftarrow \lambda^2 \sigma^2 + \sigma_d^2

    The first line is for the chosen action alone, with the gain :math:`k` as its learning rate; the second is
    for all, since what they pay moves on whatever is chosen. A row of `chosen` with no 1 in it has the second
    line alone.

    Args:
        mean_variance: `(mean, variance)`, :math:`\mu` and :math:`\sigma^2` before the outcome, each of shape
            (..., n_actions), or one number; variances are at least 0.
        outcome_chosen: `(outcome, chosen)`, as in `rescorla_wagner.asymmetric_rescorla_wagner_update`.
        observation_sd: :math:`\sigma_o` above 0, the standard deviation of outcomes around what an action
            pays on average, in the unit of the outcomes.
        drift_sd: :math:`\sigma_d` of at least 0, the standard deviation of a step of that average.
        decay: :math:`\lambda` in [0, 1]: how much is left, from trial to trial, of its distance from the
            centre. At 1 it walks freely.
        centre: :math:`\theta`, what it goes back to.

    Returns:
        `((updated_mean, updated_variance), (mean, variance, gain, prediction_error))`, each of the shape of
        `mean`. The second `mean` and `variance` are those before the outcome; the gain and the prediction
        error of what was not chosen are 0.

    Raises:
        ValueError: If shapes do not match, a mean, an outcome or `centre` is NaN or infinite, a variance or
            `drift_sd` is below 0, `observation_sd` is not above 0, `decay` is outside [0, 1], or `chosen`
            holds anything but 0 and 1.

    Example:
        >>> before = (jnp.array([50.0, 50.0]), jnp.array([16.0, 16.0]))
        >>> trial = (jnp.array([60.0, 0.0]), jnp.array([1, 0]))
        >>> (mean, variance), _ = kalman_filter_update(before, trial, observation_sd=4.0, drift_sd=2.0)
        >>> print(mean, variance)
        [55. 50.] [12. 20.]

    Source:
        Daw et al. (2006), doi 10.1038/nature04766; Kalman (1960), doi 10.1115/1.3662552.
    """
    mean, variance = _checks.pair("mean_variance", mean_variance)
    mean, variance = _checks.real_array("mean", mean), _checks.real_array("variance", variance)
    _checks.finite("mean", mean)
    _checks.in_range("variance", variance, 0)
    outcome, chosen = _checks.pair("outcome_chosen", outcome_chosen)
    outcome = _trial_checks.trial_outcome(outcome, mean)
    learns = _checks.zeros_and_ones("chosen", chosen, mean.shape) != 0
    observation_sd = _checks.real_array("observation_sd", observation_sd)
    _checks.in_range("observation_sd", observation_sd, 0, above=True)
    drift_sd, centre = _checks.real_array("drift_sd", drift_sd), _checks.real_array("centre", centre)
    _checks.in_range("drift_sd", drift_sd, 0)
    _checks.finite("centre", centre)
    decay = _checks.learning_rate("decay", decay, mean.shape)

    gain = jnp.where(learns, variance / (variance + observation_sd**2), 0)
    prediction_error = jnp.where(learns, outcome - mean, 0)
    learned = mean + gain * prediction_error
    drifted = learned + (1 - decay) * (centre - learned)  # to the last digit what was learned at a decay of 1
    spread = decay**2 * ((1 - gain) * variance) + drift_sd**2
    return (drifted, spread), (mean, variance, gain, prediction_error)
