r"""Models of behaviour: what a subject holds in mind, how it chooses, how it learns.

A `Model` is a record of pure functions of one subject and one trial. The simulator and, from Part II
on, the likelihood run the same record, so they cannot drift apart. Each builder returns the same object
when it is called with the same arguments, so JAX compiles once per model and shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from . import _checks
from .decision_rules import softmax_logits
from .learning.rescorla_wagner import INITIAL_VALUE, asymmetric_rescorla_wagner_update

__all__ = ["Model", "Parameter", "asymmetric_rescorla_wagner", "rescorla_wagner"]


class Parameter(NamedTuple):
    """One parameter of a model: its name and the range of its natural values.

    Attributes:
        name: As in the `params` dict of `simulate`.
        lower: The smallest value.
        upper: The largest value; may be infinite.
        above: Whether `lower` itself is excluded.
    """

    name: str
    lower: float
    upper: float = math.inf
    above: bool = False


class Model(NamedTuple):
    """A model of behaviour, as pure functions of one subject and one trial.

    `params` is a dict of numbers, one per entry of `parameters`. `state` is whatever the model carries
    from trial to trial: an array, or a tuple or dict of arrays.

    Attributes:
        name: The name of the model.
        n_actions: How many actions there are.
        parameters: The parameters, in order.
        init: `init(params)` gives the state before the first trial.
        policy: `policy(params, state)` gives the logits of the choice, shape (n_actions,): log choice
            probabilities up to a constant.
        update: `update(params, state, chosen, outcome)` gives `(state, prediction_error)` after the
            trial. `chosen` is one-hot, `outcome` what each action pays, both of shape (n_actions,).
    """

    name: str
    n_actions: int
    parameters: tuple[Parameter, ...]
    init: Callable[[dict], Any]
    policy: Callable[[dict, Any], Any]
    update: Callable[[dict, Any, Any, Any], tuple[Any, Any]]


def asymmetric_rescorla_wagner(
    n_actions: int, initial_value: float = INITIAL_VALUE, inverse_temperature: bool = False
) -> Model:
    r"""Rescorla-Wagner learning with two learning rates, and softmax choice.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad
        V(a_t) \leftarrow V(a_t) + \alpha_{p|n}\, (R - V(a_t))

    Parameters: `alpha_p` and `alpha_n` in [0, 1], the learning rates for positive and negative
    prediction errors; `temperature` above 0, or `inverse_temperature` of at least 0. The state is the
    value of every action.

    Args:
        n_actions: How many actions, at least 2.
        initial_value: The value of every action before the first trial.
        inverse_temperature: Whether the last parameter is an inverse temperature.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2, or `initial_value` is not finite.

    Example:
        >>> [p.name for p in asymmetric_rescorla_wagner(2).parameters]
        ['alpha_p', 'alpha_n', 'temperature']

    Source:
        Lefebvre et al. (2017), doi 10.1038/s41562-017-0067.
    """
    alphas = ("alpha_p", "alpha_n")
    return _checked_build("asymmetric_rescorla_wagner", alphas, n_actions, initial_value, inverse_temperature)


def rescorla_wagner(
    n_actions: int, initial_value: float = INITIAL_VALUE, inverse_temperature: bool = False
) -> Model:
    r"""Rescorla-Wagner learning with one learning rate, and softmax choice.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad V(a_t) \leftarrow V(a_t) + \alpha\, (R - V(a_t))

    Parameters: `alpha` in [0, 1], the learning rate; `temperature` above 0, or `inverse_temperature`
    of at least 0. The state is the value of every action.

    Args:
        n_actions: As in `asymmetric_rescorla_wagner`.
        initial_value: As in `asymmetric_rescorla_wagner`.
        inverse_temperature: As in `asymmetric_rescorla_wagner`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner`.

    Example:
        >>> [p.name for p in rescorla_wagner(2, inverse_temperature=True).parameters]
        ['alpha', 'inverse_temperature']

    Source:
        Rescorla & Wagner (1972), in Classical Conditioning II.
    """
    return _checked_build("rescorla_wagner", ("alpha",), n_actions, initial_value, inverse_temperature)


def _checked_build(
    name: str,
    alphas: tuple[str, ...],
    n_actions: int,
    initial_value: float,
    inverse_temperature: bool,
) -> Model:
    """Check a builder's arguments and bring them to one form, so that equal arguments share a model."""
    n_actions = _checks.size("n_actions", n_actions, minimum=2)
    # On the host: JAX would round it to float32, and the model may run in float64.
    if isinstance(initial_value, jax.core.Tracer):
        _checks.fail("initial_value", "a number that is known before JAX traces", "a tracer")
    value = _checks.plain_array("initial_value", initial_value)
    if value.shape != () or value.dtype.kind not in "iuf":
        _checks.fail("initial_value", "one number", f"{value.dtype} values of shape {value.shape}")
    if not np.isfinite(value):
        _checks.fail("initial_value", "a finite number", value)
    return _build(name, alphas, n_actions, float(initial_value), bool(inverse_temperature))


@cache
def _build(
    name: str,
    alphas: tuple[str, ...],
    n_actions: int,
    initial_value: float,
    inverse_temperature: bool,
) -> Model:
    """A Rescorla-Wagner model with one learning rate, used for both signs, or two."""

    def init(params):
        return jnp.full(n_actions, initial_value, dtype=jnp.result_type(*params.values()))

    def policy(params, value):
        if inverse_temperature:
            return softmax_logits(value) * params["inverse_temperature"]
        return softmax_logits(value, params["temperature"])

    def update(params, value, chosen, outcome):
        updated_value, (_, prediction_error) = asymmetric_rescorla_wagner_update(
            value, (outcome, chosen), params[alphas[0]], params[alphas[-1]]
        )
        return updated_value, prediction_error

    learning_rates = tuple(Parameter(alpha, lower=0, upper=1) for alpha in alphas)
    last = (
        Parameter("inverse_temperature", lower=0)
        if inverse_temperature
        else Parameter("temperature", lower=0, above=True)
    )
    return Model(name, n_actions, (*learning_rates, last), init, policy, update)
