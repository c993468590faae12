r"""Rescorla-Wagner learning, with one learning rate or two, and softmax choice."""

from __future__ import annotations

from ..learning.rescorla_wagner import INITIAL_VALUE, asymmetric_rescorla_wagner_update
from . import _parts, _pickling
from .model import Model
from .responses import categorical

__all__ = ["asymmetric_rescorla_wagner", "rescorla_wagner"]


def asymmetric_rescorla_wagner(
    n_actions: int, initial_value: float | str = INITIAL_VALUE, inverse_temperature: bool = False
) -> Model:
    r"""Rescorla-Wagner learning with two learning rates, and softmax choice.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad
        V(a_t) \leftarrow V(a_t) + \alpha_{p|n}\, (R - V(a_t))

    Parameters: `alpha_p` and `alpha_n` in [0, 1], the learning rates for positive and negative
    prediction errors; `temperature` above 0, or `inverse_temperature` of at least 0. The state is the
    value of every action; a `Trace` tells `values`, as they were before the outcome, and `prediction_errors`.

    Args:
        n_actions: How many actions, at least 2.
        initial_value: The value of every action before the first trial. "free": one more parameter,
            `initial_value`, after the others.
        inverse_temperature: Whether the last parameter is an inverse temperature.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2, or `initial_value`
            is neither a finite number nor "free".

    Example:
        >>> [p.name for p in asymmetric_rescorla_wagner(2).parameters]
        ['alpha_p', 'alpha_n', 'temperature']

    Source:
        Lefebvre et al. (2017), doi 10.1038/s41562-017-0067.
    """
    arguments = _parts.checked_learner(n_actions, initial_value, inverse_temperature)
    return _build("asymmetric_rescorla_wagner", ("alpha_p", "alpha_n"), *arguments)


def rescorla_wagner(
    n_actions: int, initial_value: float | str = INITIAL_VALUE, inverse_temperature: bool = False
) -> Model:
    r"""Rescorla-Wagner learning with one learning rate, and softmax choice.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad V(a_t) \leftarrow V(a_t) + \alpha\, (R - V(a_t))

    Parameters: `alpha` in [0, 1], the learning rate; `temperature` above 0, or `inverse_temperature`
    of at least 0. State and records are as in `asymmetric_rescorla_wagner`.

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
    arguments = _parts.checked_learner(n_actions, initial_value, inverse_temperature)
    return _build("rescorla_wagner", ("alpha",), *arguments)


@_pickling.cached
def _build(
    name: str,
    alphas: tuple[str, ...],
    n_actions: int,
    initial_value: float | str,
    inverse_temperature: bool,
) -> Model:
    """A Rescorla-Wagner model with one learning rate, used for both signs, or two."""
    temperature, scaled = _parts.softmax_scale(inverse_temperature)
    free, init = _parts.first_values(n_actions, initial_value)

    def predict(params, value, trial):
        return scaled(params, value)

    def update(params, value, trial, chosen, outcome):
        updated_value, (_, prediction_error) = asymmetric_rescorla_wagner_update(
            value, (outcome, chosen), params[alphas[0]], params[alphas[-1]]
        )
        return updated_value, {"values": value, "prediction_errors": prediction_error}

    parameters = (*map(_parts.share, alphas), temperature, *free)
    return Model(name, parameters, categorical(n_actions), init, predict, update)
