r"""Decision rules: from the values of actions to the probabilities of choosing them.

The last axis holds the actions; any axes before it (trials, subjects) are leading axes. The softmax
rules subtract the largest value before anything else, so no temperature
between 1e-6 and 1e6 makes them overflow.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from . import _checks
from ._compute import rows
from ._types import Numbers

__all__ = [
    "lapse_mixture",
    "log_lapse_mixture",
    "softmax",
    "softmax_inverse_temperature",
    "softmax_logits",
    "softmax_stickiness",
    "softmax_stickiness_inverse_temperature",
    "softmax_subtract_max",
]


def softmax_logits(value: Numbers, temperature: Numbers = 1.0) -> Float[Array, "... n_actions"]:
    r"""Log choice probabilities up to a constant: values relative to the best, over the temperature.

    .. math:: \ell(a) = \frac{V(a) - \max_b V(b)}{\tau}

    The maximum is subtracted before the division. Dividing first would round two large, nearly equal
    values to the same number.

    Args:
        value: Values of the actions, shape (..., n_actions), any unit.
        temperature: As in `softmax`.

    Returns:
        Logits, shape (..., n_actions); the best action has 0.

    Raises:
        ValueError: As in `softmax`.
    """
    value = _checks.action_values(value)
    temperature = _checks.temperature(temperature, value.shape)
    return _relative_to_best(value) / _checks.per_row(temperature, value)


def softmax(value: Numbers, temperature: Numbers = 1.0) -> Float[Array, "... n_actions"]:
    r"""Softmax choice probabilities.

    .. math:: P(a) = \frac{e^{V(a) / \tau}}{\sum_b e^{V(b) / \tau}}

    Args:
        value: Values of the actions, shape (..., n_actions), any unit.
        temperature: :math:`\tau > 0`, in the unit of the values: a number, or one per leading entry
            of `value`. Small: the best action nearly always. Large: all actions alike.

    Returns:
        Probabilities, shape (..., n_actions), summing to 1 over the last axis.

    Raises:
        ValueError: If `value` has no action or is not finite, or `temperature` is not above 0 or does
            not fit the leading axes of `value`.

    Example:
        >>> [round(float(p), 3) for p in softmax([0.0, 1.0], temperature=0.5)]
        [0.119, 0.881]

    Source:
        Sutton & Barto (2018), Reinforcement Learning, 2nd edition, section 2.8.
    """
    return _normalised_exp(softmax_logits(value, temperature))


def softmax_inverse_temperature(
    value: Numbers, inverse_temperature: Numbers = 1.0
) -> Float[Array, "... n_actions"]:
    r"""Softmax choice probabilities with an inverse temperature: values are multiplied by it.

    .. math:: P(a) = \frac{e^{\beta V(a)}}{\sum_b e^{\beta V(b)}}

    Args:
        value: As in `softmax`.
        inverse_temperature: :math:`\beta \ge 0`, per unit of value, shaped as `temperature` in
            `softmax`. At 0 all actions are alike.

    Returns:
        Probabilities, shape (..., n_actions), summing to 1 over the last axis.

    Raises:
        ValueError: As in `softmax`; the inverse temperature must be at least 0.

    Example:
        >>> [round(float(p), 3) for p in softmax_inverse_temperature([0.0, 1.0], 2.0)]
        [0.119, 0.881]
    """
    value = _checks.action_values(value)
    beta = _checked_inverse_temperature(inverse_temperature, value)
    return _normalised_exp(_relative_to_best(value) * _checks.per_row(beta, value))


def softmax_stickiness(
    value: Numbers,
    temperature: Numbers = 1.0,
    stickiness: Numbers = 0.0,
    prev_choice: Numbers | None = None,
) -> Float[Array, "... n_actions"]:
    r"""Softmax choice probabilities with a bonus for the action chosen last.

    .. math:: P(a) \propto e^{(V(a) + \kappa\, c_{t-1}(a)) / \tau}

    Args:
        value: As in `softmax`.
        temperature: As in `softmax`.
        stickiness: :math:`\kappa`, in the unit of the values, shaped as `temperature`. Above 0 the
            previous choice is repeated more often, below 0 less often.
        prev_choice: :math:`c_{t-1}`, the previous choice, one-hot, shape (..., n_actions). None, or
            all zeros, means that there was none.

    Returns:
        Probabilities, shape (..., n_actions), summing to 1 over the last axis.

    Raises:
        ValueError: As in `softmax`; or if `prev_choice` is not one entry of 0 or 1 per action, or
            `stickiness` is not finite.

    Example:
        >>> [round(float(p), 3) for p in softmax_stickiness([0.0, 1.0], 0.5, 1.0, [1, 0])]
        [0.5, 0.5]
    """
    value = _checks.action_values(value)
    temperature = _checks.temperature(temperature, value.shape)
    return softmax(_with_stickiness(value, stickiness, prev_choice), temperature)


def softmax_stickiness_inverse_temperature(
    value: Numbers,
    inverse_temperature: Numbers = 1.0,
    stickiness: Numbers = 0.0,
    prev_choice: Numbers | None = None,
) -> Float[Array, "... n_actions"]:
    r"""As `softmax_stickiness`, with an inverse temperature.

    .. math:: P(a) \propto e^{\beta\, (V(a) + \kappa\, c_{t-1}(a))}

    The stickiness is in the unit of the values: it is multiplied by :math:`\beta` with them.

    Args:
        value: As in `softmax`.
        inverse_temperature: As in `softmax_inverse_temperature`.
        stickiness: As in `softmax_stickiness`.
        prev_choice: As in `softmax_stickiness`.

    Returns:
        Probabilities, shape (..., n_actions), summing to 1 over the last axis.

    Raises:
        ValueError: As in `softmax_stickiness` and `softmax_inverse_temperature`.
    """
    value = _checks.action_values(value)
    beta = _checked_inverse_temperature(inverse_temperature, value)
    return softmax_inverse_temperature(_with_stickiness(value, stickiness, prev_choice), beta)


def softmax_subtract_max(value: Numbers, temperature: Numbers = 1.0) -> Float[Array, "... n_actions"]:
    """The same as `softmax`, which subtracts the maximum too; the name is kept for existing code.

    Args:
        value: As in `softmax`.
        temperature: As in `softmax`.

    Returns:
        Probabilities, shape (..., n_actions), summing to 1 over the last axis.

    Raises:
        ValueError: As in `softmax`.
    """
    return softmax(value, temperature)


def lapse_mixture(probs: Numbers, lapse: Numbers = 0.0) -> Float[Array, "... n_actions"]:
    r"""Choice probabilities of a subject who picks any action at random on a share of the trials.

    .. math:: P(a) = (1 - \varepsilon)\, p_a + \varepsilon / n

    The lapse is spread over all :math:`n` actions. A subject who may choose among some of them alone lapses
    among those: see `log_lapse_mixture`.

    Args:
        probs: Probabilities :math:`p` without the lapse, shape (..., n_actions), at least 0. They are
            divided by their sum, so they need not sum to 1.
        lapse: :math:`\varepsilon` in [0, 1], the share of choices made at random: a number, or one per
            leading entry of `probs`.

    Returns:
        Probabilities, shape (..., n_actions), summing to 1 over the last axis.

    Raises:
        ValueError: If a probability is negative or not finite, a row sums to 0, or the lapse is
            outside [0, 1] or does not fit the leading axes.

    Example:
        >>> lapse_mixture([1.0, 0.0], lapse=0.5).tolist()
        [0.75, 0.25]
    """
    probs, lapse = _checks.probabilities(probs, lapse)
    lapse = _checks.per_row(lapse, probs)
    return (1 - lapse) * (probs / rows.row_sum(probs)) + lapse / probs.shape[-1]


def log_lapse_mixture(
    logits: Numbers, lapse: Numbers, available: Numbers | None = None
) -> Float[Array, "... n_actions"]:
    r"""The logarithm of choice probabilities with a lapse, over the actions that are on offer.

    .. math:: \log P(a) = \log\left[(1 - \varepsilon)\, \frac{e^{\ell_a}}{\sum_b e^{\ell_b}}
        + \frac{\varepsilon}{n}\right]

    As `lapse_mixture`, for logits: a choice that is all but impossible keeps its log-probability where the
    lapse is 0.

    Args:
        logits: :math:`\ell`, log choice probabilities up to a constant, shape (..., n_actions). An action
            that is never chosen has minus infinity.
        lapse: As in `lapse_mixture`.
        available: Which actions are on offer, booleans of the shape of `logits`; the sums go over them, and
            :math:`n` is how many they are. None: all of them.

    Returns:
        Log-probabilities, shape (..., n_actions), minus infinity for what is not on offer.

    Raises:
        ValueError: If the lapse is outside [0, 1] or does not fit the leading axes.

    Example:
        >>> jnp.exp(log_lapse_mixture([0.0, -jnp.inf], lapse=0.5)).tolist()
        [0.75, 0.25]
    """
    logits, lapse = _checks.with_actions("logits", logits), _checks.real_array("lapse", lapse)
    _checks.in_range("lapse", lapse, 0, 1)
    _checks.fits_rows("lapse", lapse, "logits", logits.shape)
    on_offer = jnp.ones(logits.shape, bool) if available is None else jnp.asarray(available)
    log_p = rows.log_softmax(rows.on_offer(logits, None if available is None else on_offer))
    return _log_mixture(log_p, _checks.per_row(lapse, logits), on_offer)


@jax.custom_jvp
def _log_mixture(log_p, lapse, on_offer):
    """The logarithm of probabilities mixed with an even choice among what is on offer."""
    return jnp.logaddexp(jnp.log1p(-lapse) + log_p, jnp.log(lapse) + _log_even(log_p, on_offer))


@_log_mixture.defjvp
def _log_mixture_and_slope(primals, tangents):
    """The derivative: each part's share of the mixture, none where there is no mixture."""
    log_p, lapse, on_offer = primals
    log_mixed, log_even = _log_mixture(*primals), _log_even(log_p, on_offer)
    possible = ~jnp.isneginf(log_mixed)
    # At lapse 0 the slope of what has no chance is infinite; here its square, a curvature, is still a number.
    log_mixed_or_0, most = jnp.where(possible, log_mixed, 0), 0.45 * jnp.log(jnp.finfo(log_mixed.dtype).max)
    ratio = lambda x: jnp.where(possible, jnp.exp(jnp.minimum(x - log_mixed_or_0, most)), 0)  # noqa: E731
    own = ratio(log_p)
    by_p = jnp.where(own > 0, (1 - lapse) * own * tangents[0], 0)
    return log_mixed, by_p + (ratio(log_even) - own) * tangents[1]


def _log_even(log_p, on_offer):
    """The logarithm of the probabilities of an even choice."""
    n = rows.row_sum(on_offer.astype(log_p.dtype))
    return jnp.where(on_offer, -jnp.log(n), -jnp.inf)


def _relative_to_best(value: Float[Array, "... n_actions"]) -> Float[Array, "... n_actions"]:
    """Subtract the largest value. Probabilities do not depend on it, so no gradient flows through it."""
    return value - jax.lax.stop_gradient(rows.row_max(value))


def _normalised_exp(logits: Float[Array, "... n_actions"]) -> Float[Array, "... n_actions"]:
    """The softmax of logits whose largest is 0, so that no exponential overflows."""
    weight = jnp.exp(logits)
    return weight / rows.row_sum(weight)


def _checked_inverse_temperature(
    inverse_temperature: Numbers, value: Float[Array, "... n_actions"]
) -> Float[Array, "..."]:
    """An inverse temperature for `value`: finite, at least 0, a number or one per row."""
    beta = _checks.real_array("inverse_temperature", inverse_temperature)
    _checks.in_range("inverse_temperature", beta, 0)
    _checks.fits_rows("inverse_temperature", beta, "value", value.shape)
    return beta


def _with_stickiness(
    value: Float[Array, "... n_actions"], stickiness: Numbers, prev_choice: Numbers | None
) -> Float[Array, "... n_actions"]:
    """Add the stickiness to the action chosen last, in values relative to the best.

    A small bonus would be lost in the rounding of a large value.
    """
    stickiness = _checks.real_array("stickiness", stickiness)
    _checks.finite("stickiness", stickiness)
    _checks.fits_rows("stickiness", stickiness, "value", value.shape)
    if prev_choice is None:
        return value
    prev_choice = _checks.zeros_and_ones("prev_choice", prev_choice, value.shape)
    return _relative_to_best(value) + _checks.per_row(stickiness, value) * prev_choice
