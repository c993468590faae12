r"""Delay discounting: a choice between a smaller amount sooner and a larger one later. Nothing is learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from . import _offers, _parts, _pickling
from .model import Model, Parameter, Prior
from .responses import categorical

__all__ = ["exponential_discounting", "hyperbolic_discounting"]

DISCOUNT_RATE = Prior("LogNormal", (math.log(0.02), 1.5))
"""Per day: half of all people are below .02, one in twenty below .0017 and one in twenty above .24."""

OFFERS = ("amount_sooner", "delay_sooner", "amount_later", "delay_later")


def hyperbolic_discounting(
    scale: float = 1.0, inverse_temperature: bool = False, *, delay_scale: float = 1.0
) -> Model:
    r"""Hyperbolic discounting of delayed amounts, and softmax choice.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad V(a) = \frac{1}{s} \cdot \frac{A(a)}{1 + k\, D(a) / d}

    Action 0 is the sooner amount, action 1 the later one. What is on offer are the inputs "amount_sooner",
    "delay_sooner", "amount_later" and "delay_later".

    Parameters: `discount_rate` of at least 0, :math:`k`, per delay of :math:`d`, the `delay_scale`;
    `temperature` above 0, or `inverse_temperature` of at least 0. After a delay of :math:`d/k` half of the
    amount is left. The default prior of the discount rate is one per day: 1 for delays in days, 24 for hours
    and 1 / 7 for weeks are the scales that fit it, and a rate that is neither tiny nor huge is found.

    The temperature is counted in :math:`s`, the `scale`. With `scale` 1 it is in the unit of the amounts, so
    that the same people have one of 2 in pounds and of 200 in pence. With the largest amount on offer as the
    scale it is a pure number in both, and its default prior fits. There is nothing to remember, and outcomes
    are not looked at.

    Args:
        scale: :math:`s`, the amount that counts as 1, above 0.
        inverse_temperature: Whether the last parameter is an inverse temperature.
        delay_scale: :math:`d`, the delay that counts as 1, above 0.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `scale` or `delay_scale` is no finite number above 0.

    Example:
        >>> [p.name for p in hyperbolic_discounting().parameters]
        ['discount_rate', 'temperature']

    Source:
        Mazur (1987), in Quantitative Analyses of Behavior 5.
    """
    return _build("hyperbolic_discounting", *_scales(scale, delay_scale), bool(inverse_temperature))


def exponential_discounting(
    scale: float = 1.0, inverse_temperature: bool = False, *, delay_scale: float = 1.0
) -> Model:
    r"""Exponential discounting of delayed amounts, and softmax choice.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad V(a) = \frac{1}{s}\, A(a)\, e^{-k\, D(a) / d}

    Actions, inputs and parameters are as in `hyperbolic_discounting`. Per unit of delay an amount loses the
    same share of what is left, so that two offers keep their order when both are put off by as much.

    Args:
        scale: As in `hyperbolic_discounting`.
        inverse_temperature: As in `hyperbolic_discounting`.
        delay_scale: As in `hyperbolic_discounting`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `hyperbolic_discounting`.

    Example:
        >>> exponential_discounting().inputs
        ('amount_sooner', 'delay_sooner', 'amount_later', 'delay_later')

    Source:
        Samuelson (1937), doi 10.2307/2967612.
    """
    return _build("exponential_discounting", *_scales(scale, delay_scale), bool(inverse_temperature))


def _scales(scale: float, delay_scale: float) -> tuple[float, float]:
    return _offers.checked_scale("scale", scale), _offers.checked_scale("delay_scale", delay_scale)


LEFT: dict[str, Callable[..., Any]] = {
    "hyperbolic_discounting": lambda rate, delay: 1 / (1 + rate * delay),
    "exponential_discounting": lambda rate, delay: jnp.exp(-rate * delay),
}
"""What is left of an amount after a delay."""


@_pickling.cached
def _build(name: str, scale: float, delay_scale: float, inverse_temperature: bool) -> Model:
    rate = Parameter("discount_rate", lower=0, prior=DISCOUNT_RATE)
    temperature, scaled = _parts.softmax_scale(inverse_temperature)

    def predict(params, state, trial):
        when = ("sooner", "later")
        amounts = jnp.stack([trial.inputs[f"amount_{one}"] for one in when])
        delays = jnp.stack([trial.inputs[f"delay_{one}"] for one in when]) / delay_scale
        return scaled(params, amounts / scale * LEFT[name](params[rate.name], delays))

    parameters = (rate, temperature._replace(unit=None))
    return Model(
        name, parameters, categorical(2), lambda params: (), predict, _offers.nothing_learned, OFFERS
    )
