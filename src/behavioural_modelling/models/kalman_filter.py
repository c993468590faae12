r"""The Kalman filter: learners who know how uncertain they are, and three ways to choose."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from .. import _checks
from ..learning.kalman_filter import kalman_filter_update
from ..learning.rescorla_wagner import INITIAL_VALUE
from . import _parts, _pickling
from ._thompson import log_probability_best
from .model import Model, Parameter, Prior
from .responses import categorical

__all__ = ["kalman_filter"]

CHOICES = ("softmax", "bonus", "thompson")

DRIFT = Prior("LogNormal", (math.log(0.4), 1.0))
INITIAL_SD = Prior("LogNormal", (0.0, 1.0))
DECAY = Prior("Beta", (5.0, 1.1))
CENTRE = Prior("Normal", (0.5, 0.2))
BONUS = Prior("Normal", (0.0, 0.2))
OBSERVATION_SD = Prior("LogNormal", (math.log(0.2), 1.0))

LEAST_VARIANCE = 1e-30
"""The least variance whose root is taken: that of 0 has no slope."""


def kalman_filter(
    n_actions: int,
    initial_value: float | str = INITIAL_VALUE,
    inverse_temperature: bool = False,
    *,
    choice: str = "softmax",
    mean_reversion: bool = False,
    initial_sd: float | str = 1.0,
) -> Model:
    r"""Kalman filter, with softmax choice, a bonus for what is uncertain, or Thompson sampling.

    .. math::
        k = \frac{s(a_t)}{s(a_t) + 1}, \qquad \mu(a_t) \leftarrow \mu(a_t) + k\, (R - \mu(a_t)), \qquad
        s(a_t) \leftarrow (1 - k)\, s(a_t)

    .. math::
        \mu(a) \leftarrow \lambda\, \mu(a) + (1 - \lambda)\, \theta, \quad
        s(a) \leftarrow \lambda^2 s(a) + d^2 \quad \text{for every } a, \qquad
        \lambda = 1 \quad [\text{without } \mathtt{decay}]

    .. math::
        P(a) \propto e^{\mu(a)/\tau} \quad [\mathtt{softmax}]

        P(a) \propto e^{(\mu(a) + b \sqrt{s(a)})/\tau} \quad [\mathtt{bonus}]

        P(a) = P(x_a > x_{a'} \text{ for every } a' \ne a), \quad
        x_a \sim \mathcal{N}(\mu(a), \sigma_o^2\, s(a)) \quad [\mathtt{thompson}]

    Learning depends on standard deviations only through how large they are beside :math:`\sigma_o`, that of
    the outcomes around what an action pays. So :math:`s` is the variance over :math:`\sigma_o^2`, and `drift`
    and `initial_sd` are standard deviations over :math:`\sigma_o`: pure numbers, whatever the outcomes. Daw
    et al.'s task has a drift of 2.8 / 4 = 0.7. :math:`\sigma_o` itself cannot be told from choices by
    softmax and is no parameter there, as others fix it at its true value. By Thompson sampling it can: it is
    what makes choices vary.

    Parameters, in this order:

    - `drift` of at least 0, :math:`d`. At 0 nothing moves, and an action's learning rate falls as 1/n.
    - "softmax": `temperature` above 0, in the unit of the outcomes, or `inverse_temperature` of at least 0.
    - "bonus": the same, and `uncertainty_bonus`, :math:`b`, any number, in the unit of the outcomes: how much
      more an action is worth for every :math:`\sigma_o` that its mean is uncertain by. At 0 it is "softmax".
    - "thompson": `observation_sd` above 0, :math:`\sigma_o`, in the unit of the outcomes, and no temperature.
      For two actions it is a probit of the difference over its standard deviation; for more an integral,
      which is computed and not sampled.
    - `mean_reversion`: `decay` in [0, 1], :math:`\lambda`, and `centre`, :math:`\theta`, in the unit of the
      outcomes. Without it :math:`\lambda` is 1. With it this is the learner of Daw et al.

    The default priors say that half of all people have a `drift` below 0.4, and nineteen in twenty one
    between 0.06 and 2.8: in the long run a learning rate between 0.06 and 0.9. The state is the pair of means
    and variances; a `Trace` tells `values` (the means), `variances` (:math:`s`), `gains` and
    `prediction_errors`, means and variances as they were before the outcome.

    Args:
        n_actions: As in `asymmetric_rescorla_wagner`.
        initial_value: As in `asymmetric_rescorla_wagner`: the mean of every action at first.
        inverse_temperature: As in `asymmetric_rescorla_wagner`; not with "thompson".
        choice: "softmax", "bonus" or "thompson".
        mean_reversion: Whether means go back to a centre, and uncertainty to what it is there.
        initial_sd: How uncertain the means are before the first trial, above 0, over :math:`\sigma_o`.
            "free": one more parameter, `initial_sd` of at least 0, the last. It shows in the first few
            choices alone, and is recovered badly.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner`; or if `choice` is unknown, there is an inverse
            temperature with "thompson", or `initial_sd` is neither a finite number above 0 nor "free".

    Example:
        >>> [p.name for p in kalman_filter(4, 50.0, choice="bonus").parameters]
        ['drift', 'temperature', 'uncertainty_bonus']

    Source:
        Daw et al. (2006), doi 10.1038/nature04766; Thompson sampling: Speekenbrink & Konstantinidis (2015),
        doi 10.1111/tops.12145.
    """
    arguments = _parts.checked_learner(n_actions, initial_value, inverse_temperature)
    if choice not in CHOICES:
        _checks.fail("choice", f"one of {', '.join(CHOICES)}", repr(choice))
    if choice == "thompson" and arguments[2]:
        _checks.fail(
            "inverse_temperature", 'False with choice="thompson", which has none', inverse_temperature
        )
    return _kalman_filter(*arguments, choice, bool(mean_reversion), _checked_sd(initial_sd))


@_pickling.cached
def _kalman_filter(
    n_actions: int,
    initial_value: float | str,
    inverse_temperature: bool,
    choice: str,
    mean_reversion: bool,
    initial_sd: Any,
) -> Model:
    of_choice, predict = _choice(choice, inverse_temperature)
    free, first = _parts.first_values(n_actions, initial_value)
    more = (Parameter("initial_sd", 0, prior=INITIAL_SD),) if isinstance(initial_sd, str) else ()

    def init(params):
        mean = first(params)
        sd: Any = params["initial_sd"] if more else initial_sd
        return mean, jnp.full_like(mean, sd**2)

    def update(params, state, trial, chosen, outcome):
        back = (params["decay"], params["centre"]) if mean_reversion else ()
        state, (mean, variance, gain, error) = kalman_filter_update(
            state, (outcome, chosen), 1.0, params["drift"], *back
        )
        return state, {"values": mean, "variances": variance, "gains": gain, "prediction_errors": error}

    drift = Parameter("drift", 0, prior=DRIFT)
    parameters = (drift, *of_choice, *(_reversion() if mean_reversion else ()), *free, *more)
    name = "kalman_filter" if choice == "softmax" else f"kalman_filter_{choice}"
    return Model(name, parameters, categorical(n_actions), init, predict, update)


def _choice(choice: str, inverse_temperature: bool) -> tuple[tuple[Parameter, ...], Callable[..., Any]]:
    """The parameters of a rule of choice, and its `predict`."""
    if choice == "thompson":
        sd = Parameter("observation_sd", 0, above=True, prior=OBSERVATION_SD, unit="difference")
        return (sd,), _by_thompson_sampling
    temperature, scaled = _parts.softmax_scale(inverse_temperature)
    if choice == "softmax":
        return (temperature,), lambda params, state, trial: scaled(params, state[0])

    def predict(params, state, trial):
        return scaled(params, state[0] + params["uncertainty_bonus"] * _root(state[1]))

    return (temperature, Parameter("uncertainty_bonus", -math.inf, prior=BONUS, unit="difference")), predict


def _by_thompson_sampling(params: dict, state: Any, trial: Any) -> Any:
    """The log-probability that each action's draw is the largest."""
    mean, variance = state
    return log_probability_best(mean, params["observation_sd"] * _root(variance), trial.available)


def _root(variance: Any) -> Any:
    return jnp.sqrt(jnp.maximum(variance, LEAST_VARIANCE))


def _reversion() -> tuple[Parameter, Parameter]:
    """How much is left of the distance from the centre, and the centre."""
    decay = Parameter("decay", 0, 1, prior=DECAY)
    return decay, Parameter("centre", -math.inf, prior=CENTRE, unit="value")


def _checked_sd(x: float | str) -> float | str:
    """A number above 0, or "free"."""
    if isinstance(x, str):
        if x != _parts.FREE:
            _checks.fail("initial_sd", f"a number above 0, or {_parts.FREE!r}", repr(x))
        return _parts.FREE
    number = _parts._checked_number("initial_sd", x)
    if number <= 0:
        _checks.fail("initial_sd", f"a number above 0, or {_parts.FREE!r}", number)
    return number
