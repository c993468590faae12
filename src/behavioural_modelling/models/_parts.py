"""Parts that several models are put together from: their parameters, and the softmax with either temperature.

Default priors, for outcomes from 0 to 1. That of learning rates is Daw et al.'s (2011), doi
10.1016/j.neuron.2011.02.027. That of inverse temperatures says that half of all people are below 5, a quarter
above 10, and one in twenty below 1. That of temperatures says the same of one over the inverse temperature.
For what is no value, such as a kernel from 0 to 1, half of all inverse temperatures are below 1 and one in
twenty above 5: for most people the whole of it adds a few logits at most, as stickiness does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from .. import _checks
from ..decision_rules import softmax_logits
from .model import Parameter, Prior

__all__: list[str] = []

SHARE = Prior("Beta", (1.1, 1.1))
INVERSE_TEMPERATURE = Prior("LogNormal", (math.log(5), 1.0))
TEMPERATURE = Prior("LogNormal", (-math.log(5), 1.0))
OF_NO_VALUE = Prior("LogNormal", (0.0, 1.0))
INITIAL_VALUE = Prior("Normal", (0.5, 0.5))

FREE = "free"
"""The `initial_value` of a model whose initial value is a parameter."""


def share(name: str) -> Parameter:
    """A parameter in [0, 1], such as a learning rate."""
    return Parameter(name, lower=0, upper=1, prior=SHARE)


def softmax_scale(inverse_temperature: bool, of: str = "") -> tuple[Parameter, Callable]:
    """A temperature or an inverse temperature, and the function of `(params, preference)` that applies it.

    `of` names what it is the temperature of, where that is not the values: a pure number, as a kernel is.
    """
    if inverse_temperature:
        name, unit = f"inverse_temperature{of}", None if of else "per difference"
        prior = OF_NO_VALUE if of else INVERSE_TEMPERATURE
        scale = lambda params, preference: softmax_logits(preference) * params[name]  # noqa: E731
        return Parameter(name, lower=0, prior=prior, unit=unit), scale
    name, unit = f"temperature{of}", None if of else "difference"
    prior = OF_NO_VALUE if of else TEMPERATURE
    scale = lambda params, preference: softmax_logits(preference, params[name])  # noqa: E731
    return Parameter(name, lower=0, above=True, prior=prior, unit=unit), scale


def first_values(n_actions: int, initial_value: float | str) -> tuple[tuple[Parameter, ...], Callable]:
    """The parameter of the values before the first trial, where there is one, and what makes the values."""
    if not isinstance(initial_value, str):
        return (), lambda params: jnp.full(n_actions, initial_value, jnp.result_type(*params.values()))
    free = Parameter("initial_value", -math.inf, prior=INITIAL_VALUE, unit="value")
    return (free,), lambda params: jnp.full(n_actions, params[free.name], jnp.result_type(*params.values()))


def checked_learner(
    n_actions: Any, initial_value: Any, inverse_temperature: Any
) -> tuple[int, float | str, bool]:
    """What builds a model that learns values, in one form, so that equal arguments share a model."""
    if isinstance(initial_value, str) and initial_value != FREE:
        _checks.fail("initial_value", f"one number, or {FREE!r}", repr(initial_value))
    value = FREE if isinstance(initial_value, str) else _checked_number("initial_value", initial_value)
    return checked_size(n_actions), value, bool(inverse_temperature)


def checked_size(n_actions: Any) -> int:
    """How many actions there are: at least two, or there is nothing to choose."""
    return _checks.size("n_actions", n_actions, minimum=2)


def _checked_number(name: str, x: Any) -> float:
    """One finite number that is known before JAX traces."""
    # On the host: JAX would round it to float32, and the model may run in float64.
    if isinstance(x, Tracer):
        _checks.fail(name, "a number that is known before JAX traces", "a tracer")
    value = _checks.plain_array(name, x)
    if value.shape != () or value.dtype.kind not in "iuf":
        _checks.fail(name, "one number", f"{value.dtype} values of shape {value.shape}")
    if not np.isfinite(value):
        _checks.fail(name, "a finite number", value)
    return float(value)
