r"""Rescorla-Wagner learning at a rate that depends on how volatile the world is said to be."""

from __future__ import annotations

import math

from ..learning.rescorla_wagner import INITIAL_VALUE, asymmetric_volatile_rescorla_wagner_update
from . import _parts, _pickling
from .model import Model, Parameter, Prior
from .responses import categorical

__all__ = ["volatile_rescorla_wagner"]

# In log-odds. The first says of the learning rate nearly what SHARE says, whose log-odds have a standard
# deviation of 1.7. Each of the others doubles or halves the odds of a rate, or more, for half of all people.
RATES = {
    "alpha_base": Prior("Normal", (0.0, 1.7)),
    "alpha_volatility": Prior("Normal", (0.0, 1.0)),
    "alpha_pos_neg": Prior("Normal", (0.0, 1.0)),
    "alpha_interaction": Prior("Normal", (0.0, 1.0)),
}


def volatile_rescorla_wagner(
    n_actions: int, initial_value: float | str = INITIAL_VALUE, inverse_temperature: bool = False
) -> Model:
    r"""Rescorla-Wagner learning whose rate depends on volatility and on the sign of the surprise.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad V(a_t) \leftarrow V(a_t) + \alpha_t\, \delta_t, \qquad
        \delta_t = R - V(a_t)

    .. math::
        \log \frac{\alpha_t}{1 - \alpha_t} = \alpha_b + \alpha_v\, v_t + \alpha_s\, \mathrm{sign}(\delta_t)
        + \alpha_i\, v_t\, \mathrm{sign}(\delta_t)

    The volatility :math:`v_t` is the input `volatility`, such as 1 in volatile blocks and 0 in stable ones.
    The subject is told of it, or taken to know it: nothing is inferred. Where :math:`\alpha_v` and
    :math:`\alpha_i` are 0 it is `asymmetric_rescorla_wagner` with rates of
    :math:`1 / (1 + e^{-\alpha_b \mp \alpha_s})`.

    Parameters: `alpha_base`, `alpha_volatility`, `alpha_pos_neg` and `alpha_interaction`, any numbers, in
    log-odds of the learning rate; `temperature` above 0, or `inverse_temperature` of at least 0. State and
    records are as in `asymmetric_rescorla_wagner`. Of some 300 choices maximum likelihood recovers
    `alpha_interaction` poorly; with the default priors all recover fairly.

    Args:
        n_actions: As in `asymmetric_rescorla_wagner`.
        initial_value: As in `asymmetric_rescorla_wagner`.
        inverse_temperature: As in `asymmetric_rescorla_wagner`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner`.

    Example:
        >>> model = volatile_rescorla_wagner(2)
        >>> model.inputs, [p.name for p in model.parameters][:2]
        (('volatility',), ['alpha_base', 'alpha_volatility'])

    Source:
        Volatility: Behrens et al. (2007), doi 10.1038/nn1954; with the sign of the surprise: Pulcu & Browning
        (2017), doi 10.7554/eLife.27879.
    """
    return _volatile_rescorla_wagner(*_parts.checked_learner(n_actions, initial_value, inverse_temperature))


@_pickling.cached
def _volatile_rescorla_wagner(n_actions: int, initial_value: float | str, inverse_temperature: bool) -> Model:
    temperature, scaled = _parts.softmax_scale(inverse_temperature)
    free, init = _parts.first_values(n_actions, initial_value)

    def predict(params, value, trial):
        return scaled(params, value)

    def update(params, value, trial, chosen, outcome):
        seen = (outcome, chosen, trial.inputs["volatility"])
        rates = [params[name] for name in RATES]
        updated, (_, prediction_error) = asymmetric_volatile_rescorla_wagner_update(value, seen, *rates)
        return updated, {"values": value, "prediction_errors": prediction_error}

    rates = tuple(Parameter(name, -math.inf, prior=prior) for name, prior in RATES.items())
    name, parameters = "volatile_rescorla_wagner", (*rates, temperature, *free)
    return Model(name, parameters, categorical(n_actions), init, predict, update, ("volatility",))
