r"""Beta-distributed beliefs about how often each action pays, whose evidence fades."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from .. import _checks
from ..learning.beta_models import beta_mean_var, leaky_beta_update
from . import _parts, _pickling
from .model import Model, Parameter, Prior
from .responses import categorical

__all__ = ["leaky_beta"]

# Half of all people count an outcome as less than one observation, one in twenty as more than five.
EVIDENCE = Prior("LogNormal", (0.0, 1.0))
BONUS = Prior("Normal", (0.0, 1.0))


def leaky_beta(
    n_actions: int,
    inverse_temperature: bool = False,
    uncertainty_bonus: bool = False,
    outcome_range: tuple[float, float] = (0.0, 1.0),
) -> Model:
    r"""Beta-distributed beliefs about each action's chance to pay, which forget, and softmax choice.

    .. math::
        A(a) \leftarrow 1 + \lambda\, (A(a) - 1) + \tau^+ c_t(a)\, R, \qquad
        B(a) \leftarrow 1 + \lambda\, (B(a) - 1) + \tau^- c_t(a)\, (1 - R)

    .. math::
        P(a) \propto e^{(\mu(a) + b\, s(a)) / \tau},
        \qquad b = 0 \quad [\text{without } \mathtt{uncertainty\_bonus}]

    :math:`\mu` and :math:`s` are the mean and the standard deviation of the beta distribution with the
    parameters :math:`A` and :math:`B`, both of which start at 1. All actions fade; the one chosen gains
    evidence. With a :math:`\lambda` of 1 and both :math:`\tau^\pm` of 1 it is Bayes' rule for a chance that
    stays as it is. The bonus :math:`b` is 0 unless it is asked for.

    Parameters: `tau_p` and `tau_n` of at least 0, what an outcome counts for; `decay` in [0, 1],
    :math:`\lambda`, the share of the evidence that is kept; `temperature` above 0, or `inverse_temperature`
    of at least 0, which are of the mean, a number from 0 to 1 whatever the outcomes are measured in; with the
    bonus, `uncertainty_bonus`, any number. A `Trace` tells `values`, the means before the outcome, their
    `uncertainty`, which is the standard deviation, and `prediction_errors`. More evidence and a lower
    temperature look alike: maximum likelihood recovers `tau_p`, `tau_n` and the temperature poorly; with the
    default priors they recover fairly.

    Args:
        n_actions: How many actions, at least 2.
        inverse_temperature: Whether there is an inverse temperature.
        uncertainty_bonus: Whether one parameter more says how much uncertainty attracts or repels.
        outcome_range: The outcomes that are no and full evidence of a chance to pay: (0, 100) for points.
            Those in between count in proportion; those beyond count as the nearer end.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2, or `outcome_range` is not two finite
            numbers in order.

    Example:
        >>> [p.name for p in leaky_beta(2, uncertainty_bonus=True).parameters]
        ['tau_p', 'tau_n', 'decay', 'temperature', 'uncertainty_bonus']

    Source:
        Wise et al. (2019), doi 10.1371/journal.pcbi.1007341.
    """
    n_actions, ends = _parts.checked_size(n_actions), _checked_range(outcome_range)
    return _leaky_beta(n_actions, bool(inverse_temperature), bool(uncertainty_bonus), ends)


@_pickling.cached
def _leaky_beta(
    n_actions: int, inverse_temperature: bool, uncertainty_bonus: bool, outcome_range: tuple[float, float]
) -> Model:
    low, high = outcome_range
    temperature, scaled = _parts.softmax_scale(inverse_temperature)

    def init(params):
        return jnp.ones((n_actions, 2), jnp.result_type(float, *params.values()))

    def predict(params, belief, trial):
        mean, sd = _mean_sd(belief)
        return scaled(params, mean + params["uncertainty_bonus"] * sd if uncertainty_bonus else mean)

    def update(params, belief, trial, chosen, outcome):
        share = jnp.clip((outcome - low) / (high - low), 0, 1)
        counts = params["tau_p"], params["tau_n"], params["decay"]
        mean, sd = _mean_sd(belief)
        errors = jnp.where(chosen != 0, share - mean, 0)
        told = {"values": mean, "uncertainty": sd, "prediction_errors": errors}
        return leaky_beta_update(belief, chosen, share, *counts), told

    parameters = (
        *(Parameter(name, 0.0, prior=EVIDENCE) for name in ("tau_p", "tau_n")),
        *(_parts.share("decay"), temperature._replace(unit=None)),  # of the mean, a pure number
        *((Parameter("uncertainty_bonus", -math.inf, prior=BONUS),) if uncertainty_bonus else ()),
    )
    return Model("leaky_beta", parameters, categorical(n_actions), init, predict, update)


def _mean_sd(belief: Any) -> tuple[Any, Any]:
    """The mean and the standard deviation of each action's belief."""
    mean, variance = beta_mean_var(belief)
    return mean, jnp.sqrt(variance)


def _checked_range(outcome_range: Any) -> tuple[float, float]:
    """Two finite numbers, the smaller first."""
    low, high = (
        _parts._checked_number("outcome_range", x) for x in _checks.pair("outcome_range", outcome_range)
    )
    if low >= high:
        _checks.fail("outcome_range", "two numbers, the smaller first", (low, high))
    return low, high
