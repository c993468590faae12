"""Parts that several models are put together from: their parameters, and the softmax with either temperature.

Default priors: those of Daw et al. (2011), doi 10.1016/j.neuron.2011.02.027, for learning rates and inverse
temperatures. A temperature has one of its own, with its mode at .33 where outcomes are of the order of 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from .. import _checks
from ..decision_rules import softmax_logits
from .model import Parameter, Prior

__all__: list[str] = []

SHARE = Prior("Beta", (1.1, 1.1))
INVERSE_TEMPERATURE = Prior("Gamma", (1.2, 0.2))
TEMPERATURE = Prior("Gamma", (2.0, 3.0))


def share(name: str) -> Parameter:
    """A parameter in [0, 1], such as a learning rate."""
    return Parameter(name, lower=0, upper=1, prior=SHARE)


def softmax_scale(inverse_temperature: bool, of: str = "") -> tuple[Parameter, Callable]:
    """A temperature or an inverse temperature, and the function of `(params, preference)` that applies it."""
    if inverse_temperature:
        name = f"inverse_temperature{of}"
        scale = lambda params, preference: softmax_logits(preference) * params[name]  # noqa: E731
        return Parameter(name, lower=0, prior=INVERSE_TEMPERATURE), scale
    name = f"temperature{of}"
    scale = lambda params, preference: softmax_logits(preference, params[name])  # noqa: E731
    return Parameter(name, lower=0, above=True, prior=TEMPERATURE), scale


def checked_learner(n_actions: Any, initial_value: Any, inverse_temperature: Any) -> tuple[int, float, bool]:
    """What builds a model that learns values, in one form, so that equal arguments share a model."""
    return checked_size(n_actions), _checked_number("initial_value", initial_value), bool(inverse_temperature)


def checked_size(n_actions: Any) -> int:
    """How many actions there are: at least two, or there is nothing to choose."""
    return _checks.size("n_actions", n_actions, minimum=2)


def _checked_number(name: str, x: Any) -> float:
    """One finite number that is known before JAX traces."""
    # On the host: JAX would round it to float32, and the model may run in float64.
    if isinstance(x, jax.core.Tracer):
        _checks.fail(name, "a number that is known before JAX traces", "a tracer")
    value = _checks.plain_array(name, x)
    if value.shape != () or value.dtype.kind not in "iuf":
        _checks.fail(name, "one number", f"{value.dtype} values of shape {value.shape}")
    if not np.isfinite(value):
        _checks.fail(name, "a finite number", value)
    return float(value)
