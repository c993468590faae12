r"""Models that keep count of what was chosen lately: the choice kernel, alone and beside learned values."""

from __future__ import annotations

import jax.numpy as jnp

from ..learning.rescorla_wagner import INITIAL_VALUE
from . import _parts, _pickling
from .composition import with_choice_kernel
from .model import Model
from .rescorla_wagner import rescorla_wagner
from .responses import categorical

__all__ = ["choice_kernel", "rescorla_wagner_choice_kernel"]


def choice_kernel(n_actions: int, inverse_temperature: bool = False) -> Model:
    r"""A choice kernel: what was chosen lately is chosen again, whatever it paid.

    .. math::
        P(a) \propto e^{K(a)/\tau_c}, \qquad K(a) \leftarrow K(a) + \alpha_c\, (c_t(a) - K(a))

    :math:`c_t(a)` is 1 for the action chosen and 0 for the others; the kernel :math:`K` starts at 0.

    Parameters: `alpha_c` in [0, 1]; `temperature_c` above 0, or `inverse_temperature_c` of at least 0.
    A `Trace` tells the `kernel`, as it was before the choice.

    Args:
        n_actions: How many actions, at least 2.
        inverse_temperature: Whether the last parameter is an inverse temperature.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2.

    Example:
        >>> [p.name for p in choice_kernel(2, inverse_temperature=True).parameters]
        ['alpha_c', 'inverse_temperature_c']

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, model 4.
    """
    return _choice_kernel(_parts.checked_size(n_actions), bool(inverse_temperature))


@_pickling.cached
def _choice_kernel(n_actions: int, inverse_temperature: bool) -> Model:
    return with_choice_kernel(_indifferent(n_actions), inverse_temperature)._replace(name="choice_kernel")


@_pickling.cached
def _indifferent(n_actions: int) -> Model:
    """A subject to whom all actions are alike: no parameter, and nothing to remember."""
    return Model(
        name="indifferent",
        parameters=(),
        response=categorical(n_actions),
        init=lambda params: (),
        predict=lambda params, state, trial: jnp.zeros(n_actions),
        update=lambda params, state, trial, responded, outcome: (state, {}),
    )


def rescorla_wagner_choice_kernel(
    n_actions: int, initial_value: float | str = INITIAL_VALUE, inverse_temperature: bool = False
) -> Model:
    r"""Rescorla-Wagner learning beside a choice kernel.

    .. math::
        P(a) \propto e^{V(a)/\tau + K(a)/\tau_c}, \qquad
        V(a_t) \leftarrow V(a_t) + \alpha\, (R - V(a_t))

        K(a) \leftarrow K(a) + \alpha_c\, (c_t(a) - K(a))

    Values are learned as in `rescorla_wagner`, the kernel as in `choice_kernel`: it is the one put into
    `with_choice_kernel`.

    Parameters: `alpha` and `alpha_c` in [0, 1]; `temperature` and `temperature_c` above 0, or
    `inverse_temperature` and `inverse_temperature_c` of at least 0. With an inverse temperature of 0 one
    of the two has no say, and the other is the model that is left. A `Trace` tells `values`, `kernel` and
    `prediction_errors`.

    Args:
        n_actions: How many actions, at least 2.
        initial_value: The value of every action before the first trial. "free": one more parameter,
            `initial_value`, after those of the learning.
        inverse_temperature: Whether there are inverse temperatures.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2, or `initial_value`
            is neither a finite number nor "free".

    Example:
        >>> [p.name for p in rescorla_wagner_choice_kernel(2).parameters]
        ['alpha', 'temperature', 'alpha_c', 'temperature_c']

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, model 5.
    """
    arguments = _parts.checked_learner(n_actions, initial_value, inverse_temperature)
    return _rescorla_wagner_choice_kernel(*arguments)


@_pickling.cached
def _rescorla_wagner_choice_kernel(
    n_actions: int, initial_value: float | str, inverse_temperature: bool
) -> Model:
    learner = rescorla_wagner(n_actions, initial_value, inverse_temperature)
    return with_choice_kernel(learner, inverse_temperature)._replace(name="rescorla_wagner_choice_kernel")
