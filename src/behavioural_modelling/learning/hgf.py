r"""The binary hierarchical Gaussian filter: a belief about a chance, and about how fast it changes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from .. import _checks
from .._types import Numbers

__all__ = ["binary_hgf_update"]

UPDATES = ("ehgf", "standard")

MOST_LOG_VOLATILITY = 4.0
"""The largest logarithm of the variance that the log-odds gain in a trial: a standard deviation of seven."""

FARTHEST = 16.0
"""How far from 0 the mean of the third level goes. Where the filter works it stays within 5."""

LEAST_LEFT, LEAST_PRECISION = 0.1, 1e-4
"""How much of its predicted precision an update leaves the third level at least, and how much altogether."""


def binary_hgf_update(
    belief: tuple[Numbers, ...],
    observation: Numbers,
    omega_2: Numbers,
    theta: Numbers | None = None,
    kappa: Numbers = 1.0,
    update: str = "ehgf",
) -> tuple[tuple[Array, ...], tuple[Array, Array]]:
    r"""Update the beliefs of a binary hierarchical Gaussian filter of two or three levels after one trial.

    .. math::
        \hat\mu_1 = s(\mu_2), \qquad \delta_1 = u - \hat\mu_1, \qquad
        \Omega = e^{\kappa \mu_3 + \omega_2}, \qquad \hat\pi_2 = \frac{1}{1/\pi_2 + \Omega}

    .. math::
        \pi_2 \leftarrow \hat\pi_2 + \hat\mu_1 (1 - \hat\mu_1), \qquad
        \mu_2 \leftarrow \mu_2 + \frac{\delta_1}{\pi_2}

    With two levels :math:`\Omega = e^{\omega_2}`, and that is all. With three:

    .. math::
        w = \Omega\, \hat\pi_2, \qquad
        \delta_2 = \hat\pi_2 \left(\frac{1}{\pi_2} + \frac{\delta_1^2}{\pi_2^2}\right) - 1, \qquad
        \hat\pi_3 = \frac{1}{1/\pi_3 + \vartheta}

    .. math::
        \pi_3 \leftarrow \hat\pi_3 + \frac{\kappa^2}{2}\, w\, (w + (2 w - 1)\, \delta_2), \qquad
        \mu_3 \leftarrow \mu_3 + \frac{\kappa\, w\, \delta_2}{2\, \pi}

    :math:`s` is the logistic function. The :math:`\pi` of the last step is the new :math:`\pi_3` in the
    "standard" update of 2011, and :math:`\hat\pi_3` in the "ehgf", which moves the mean first and so does
    without the leaps that a small :math:`\pi_3` gives.

    With a large :math:`\omega_2` or :math:`\vartheta`, and sooner in the "standard" update, the published
    equations run away: :math:`\pi_3` may come out negative and :math:`\mu_3` without end. So that every
    likelihood is a number with a slope, a new :math:`\pi_3` is at least a tenth of :math:`\hat\pi_3`, and
    :math:`10^{-4}`; :math:`\mu_3` stays within 16 of 0; and :math:`\Omega` is at most :math:`e^4`, which
    forgets nearly all. Where the filter works as it is meant to, none of this happens.

    Args:
        belief: `(mean_2, precision_2)`, or `(mean_2, precision_2, mean_3, precision_3)`: mean and precision
            of the log-odds of a 1, and of the logarithm of how fast these change. Numbers, or arrays of one
            shape; precisions are above 0.
        observation: :math:`u`, what was seen: 1 or 0.
        omega_2: :math:`\omega_2`, the logarithm of the variance that the log-odds gain in a trial, any
            number. With three levels :math:`\kappa \mu_3` is added to it.
        theta: :math:`\vartheta` of at least 0, the variance that the third level gains in a trial; None with
            two levels. (It is :math:`e^{\omega_3}` in some programs.)
        kappa: :math:`\kappa` of at least 0, how strongly the third level acts on the second.
        update: "ehgf" or "standard": how the third level moves.

    Returns:
        `(updated_belief, (prediction, prediction_error))`: the belief in the form that it came in,
        :math:`\hat\mu_1` and :math:`\delta_1`.

    Raises:
        ValueError: If `belief` has neither two nor four parts or one is not finite, a precision is not above
            0, `observation` is neither 0 nor 1, `theta` is missing or too many, a parameter is not finite,
            `kappa` is below 0, or `update` is unknown.

    Example:
        >>> (mean, precision), (prediction, error) = binary_hgf_update((0.0, 1.0), 1.0, omega_2=0.0)
        >>> print(f"{prediction:.2f} {error:.2f} {precision:.2f} {mean:.3f}")
        0.50 0.50 0.75 0.667

    Source:
        Mathys et al. (2011), doi 10.3389/fnhum.2011.00039; Mathys et al. (2014),
        doi 10.3389/fnhum.2014.00825; "ehgf": Weber et al. (2023), doi 10.48550/arXiv.2305.10937.
    """
    belief, observation = _checked(belief, observation, theta, update)
    omega_2, kappa = _checks.real_array("omega_2", omega_2), _checks.real_array("kappa", kappa)
    _checks.finite("omega_2", omega_2)
    _checks.in_range("kappa", kappa, 0)
    if theta is None:
        moved, told = _second_level(belief, observation, omega_2)
        return moved[:2], told
    theta = _checks.real_array("theta", theta)
    _checks.in_range("theta", theta, 0)
    mean_3, precision_3 = belief[2:]
    moved, told = _second_level(belief[:2], observation, omega_2 + kappa * mean_3)
    third = _third_level(mean_3, precision_3, moved, told, theta, kappa, update)
    return (*moved[:2], *third), told


def _second_level(belief: Any, observation: Array, log_volatility: Array) -> tuple[Any, tuple[Array, Array]]:
    """The belief about the log-odds, and beside it the weight and the predicted precision for the third."""
    mean, precision = belief
    prediction = jax.nn.sigmoid(mean)
    error = observation - prediction
    ratio = jnp.minimum(log_volatility, MOST_LOG_VOLATILITY) + jnp.log(precision)
    weight, kept = jax.nn.sigmoid(ratio), jax.nn.sigmoid(-ratio)  # which stay numbers at any ratio
    predicted = precision * kept
    updated = predicted + prediction * jax.nn.sigmoid(-mean)
    return (mean + error / updated, updated, weight, predicted), (prediction, error)


def _third_level(
    mean: Array, precision: Array, second: Any, told: Any, theta: Array, kappa: Array, update: str
) -> tuple[Array, Array]:
    """The belief about how fast the log-odds change."""
    _, precision_2, weight, predicted_2 = second
    surprise = predicted_2 * (1 / precision_2 + (told[1] / precision_2) ** 2) - 1
    predicted = 1 / (1 / precision + theta)
    updated = predicted + kappa**2 / 2 * weight * (weight + (2 * weight - 1) * surprise)
    updated = jnp.maximum(updated, jnp.maximum(LEAST_LEFT * predicted, LEAST_PRECISION))
    by = updated if update == "standard" else predicted
    moved = mean + kappa * weight * surprise / (2 * by)
    return jnp.clip(moved, -FARTHEST, FARTHEST), updated


def _checked(belief: Any, observation: Any, theta: Any, update: Any) -> tuple[tuple[Array, ...], Array]:
    """The belief and what was seen as arrays, in a form that fits the number of levels."""
    if not isinstance(belief, (tuple, list)) or len(belief) not in (2, 4):
        received = f"{len(belief)} parts" if isinstance(belief, (tuple, list)) else type(belief).__name__
        _checks.fail("belief", "mean and precision of one level or two, a tuple of 2 or 4", received)
    if (theta is None) != (len(belief) == 2):
        expected = "None with a belief of two parts, a number with one of four"
        _checks.fail("theta", expected, "None" if theta is None else f"a belief of {len(belief)}")
    if update not in UPDATES:
        _checks.fail("update", f"one of {', '.join(UPDATES)}", repr(update))
    means = [_checks.real_array(f"mean_{2 + level}", x) for level, x in enumerate(belief[::2])]
    precisions = [_checks.real_array(f"precision_{2 + level}", x) for level, x in enumerate(belief[1::2])]
    for level, (mean, precision) in enumerate(zip(means, precisions, strict=True), start=2):
        _checks.finite(f"mean_{level}", mean)
        _checks.in_range(f"precision_{level}", precision, 0, above=True)
    observation = _checks.real_array("observation", observation)
    seen = _checks.known_values(observation)
    if seen is not None:
        _checks.every("observation", "zeros and ones", seen, (seen == 0) | (seen == 1))
    return tuple(x for pair in zip(means, precisions, strict=True) for x in pair), observation
