r"""The hybrid of Pearce-Hall and Rescorla-Wagner: learning rates that follow the surprise; softmax choice."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from .. import _checks
from ..learning.pearce_hall import pearce_hall_update
from ..learning.rescorla_wagner import INITIAL_VALUE
from . import _parts, _pickling
from .model import Model, Parameter, Prior
from .responses import categorical

__all__ = ["pearce_hall"]

KAPPA = Prior("LogNormal", (math.log(0.5), 0.75))
ASSOCIABILITY = Prior("LogNormal", (math.log(0.5), 0.75))


def pearce_hall(
    n_actions: int,
    initial_value: float | str = INITIAL_VALUE,
    inverse_temperature: bool = False,
    initial_associability: float | str = 1.0,
) -> Model:
    r"""Pearce-Hall hybrid: what surprised lately is learned from faster, and softmax choice.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad
        V(a_t) \leftarrow V(a_t) + \min(\kappa\, \alpha(a_t), 1)\, \delta, \qquad
        \alpha(a_t) \leftarrow \eta\, |\delta| + (1 - \eta)\, \alpha(a_t)

    The prediction error is :math:`\delta = R - V(a_t)`. Each action has an associability :math:`\alpha` of
    its own, which moves only when the action is chosen. It is measured as the outcomes are: for outcomes of 0
    and 1 it lies in [0, 1]. A learning rate :math:`\kappa\, \alpha` above 1 is held at 1. With `eta` at 0
    this is `rescorla_wagner` with the learning rate `kappa` times the initial associability.

    Parameters: `kappa` of at least 0, the learning rate per unit of associability, so one over points where
    outcomes are points; `eta` in [0, 1]; `temperature` above 0, or `inverse_temperature` of at least 0. The
    default priors say that half of all people have a `kappa` below 0.5 and one in forty one above 2.2, for
    outcomes from 0 to 1. `eta` is recovered less well than `kappa`: it shows only in how the learning rate
    moves. The state is the pair of values and associabilities; a `Trace` tells `values` and
    `associabilities`, as they were before the outcome, and `prediction_errors`.

    Args:
        n_actions: As in `asymmetric_rescorla_wagner`.
        initial_value: As in `asymmetric_rescorla_wagner`.
        inverse_temperature: As in `asymmetric_rescorla_wagner`.
        initial_associability: The associability of every action before the first trial, above 0, in the unit
            of the outcomes: 1 is the greatest surprise that outcomes of 0 and 1 can give. "free": one more
            parameter, `initial_associability` of at least 0, after the temperature.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner`; or if `initial_associability` is neither a finite
            number above 0 nor "free".

    Example:
        >>> [p.name for p in pearce_hall(2).parameters]
        ['kappa', 'eta', 'temperature']

    Source:
        Li et al. (2011), doi 10.1038/nn.2904; associability: Pearce & Hall (1980),
        doi 10.1037/0033-295X.87.6.532.
    """
    arguments = _parts.checked_learner(n_actions, initial_value, inverse_temperature)
    return _pearce_hall(*arguments, _checked_associability(initial_associability))


@_pickling.cached
def _pearce_hall(
    n_actions: int, initial_value: float | str, inverse_temperature: bool, initial_associability: Any
) -> Model:
    temperature, scaled = _parts.softmax_scale(inverse_temperature)
    free, first = _parts.first_values(n_actions, initial_value)
    kappa = Parameter("kappa", 0, prior=KAPPA, unit="per difference")
    more = () if isinstance(initial_associability, float) else (_associability(),)

    def init(params):
        value = first(params)
        start = params["initial_associability"] if more else initial_associability
        return value, jnp.full_like(value, start)

    def predict(params, state, trial):
        return scaled(params, state[0])

    def update(params, state, trial, chosen, outcome):
        state, (value, before, error) = pearce_hall_update(
            state, (outcome, chosen), params["kappa"], params["eta"]
        )
        return state, {"values": value, "associabilities": before, "prediction_errors": error}

    parameters = (kappa, _parts.share("eta"), temperature, *free, *more)
    return Model("pearce_hall", parameters, categorical(n_actions), init, predict, update)


def _associability() -> Parameter:
    """The associability before the first trial, where it is a parameter."""
    return Parameter("initial_associability", 0, prior=ASSOCIABILITY, unit="difference")


def _checked_associability(x: float | str) -> float | str:
    """A number above 0, or "free"."""
    if isinstance(x, str):
        if x != _parts.FREE:
            _checks.fail("initial_associability", f"a number above 0, or {_parts.FREE!r}", repr(x))
        return _parts.FREE
    number = _parts._checked_number("initial_associability", x)
    if number <= 0:
        _checks.fail("initial_associability", f"a number above 0, or {_parts.FREE!r}", number)
    return number
