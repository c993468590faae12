r"""Learners to whom rewards and punishments are worth more or less, and who have no temperature."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .. import _checks
from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update
from . import _parts, _pickling
from .model import Model, Parameter
from .responses import categorical

__all__ = ["gain_loss_sensitivities", "rescorla_wagner_sensitivities"]


def rescorla_wagner_sensitivities(n_actions: int, two_rates: bool = False) -> Model:
    r"""Rescorla-Wagner learning from outcomes as they are felt, with sensitivities to reward and punishment.

    .. math::
        P(a) \propto e^{V(a)}, \qquad
        V(a_t) \leftarrow V(a_t) + \alpha\, (\rho_{r|p} R - V(a_t)), \qquad
        \alpha = \alpha_{p|n} \quad [\mathtt{two\_rates}]

    An outcome above 0 is a reward, felt as :math:`\rho_r R`; one below 0 is a punishment, felt as
    :math:`\rho_p R`. Values start at 0. They are in logits, so there is no temperature: where both
    sensitivities are the same, they are the inverse temperature of `rescorla_wagner` with values from 0.

    Parameters: `alpha` in [0, 1], the learning rate, or with two rates `alpha_p` and `alpha_n`, for positive
    and negative prediction errors; `reward_sensitivity` and `punishment_sensitivity`, :math:`\rho_r` and
    :math:`\rho_p`, at least 0. Where no outcome is below 0, the last one makes no difference. State and
    records are as in `asymmetric_rescorla_wagner`; what a `Trace` tells is in logits.

    Args:
        n_actions: How many actions, at least 2.
        two_rates: Whether there are two learning rates.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2.

    Example:
        >>> [p.name for p in rescorla_wagner_sensitivities(2).parameters]
        ['alpha', 'reward_sensitivity', 'punishment_sensitivity']

    Source:
        Huys et al. (2013), doi 10.1186/2045-5380-3-12, for the sensitivity that takes a temperature's place.
    """
    return _sensitivities(_parts.checked_size(n_actions), bool(two_rates))


@_pickling.cached
def _sensitivities(n_actions: int, two_rates: bool) -> Model:
    alphas = ("alpha_p", "alpha_n") if two_rates else ("alpha",)

    def update(params, value, trial, chosen, outcome):
        sensitivity = jnp.where(outcome > 0, params["reward_sensitivity"], params["punishment_sensitivity"])
        updated_value, (_, prediction_error) = asymmetric_rescorla_wagner_update(
            value, (sensitivity * outcome, chosen), params[alphas[0]], params[alphas[-1]]
        )
        return updated_value, {"values": value, "prediction_errors": prediction_error}

    parameters = (*map(_parts.share, alphas), _sensitivity_to("reward"), _sensitivity_to("punishment"))
    init = _parts.first_values(n_actions, 0.0)[1]
    name = "asymmetric_rescorla_wagner_sensitivities" if two_rates else "rescorla_wagner_sensitivities"
    return Model(name, parameters, categorical(n_actions), init, lambda _, value, trial: value, update)


def gain_loss_sensitivities(n_actions: int) -> Model:
    r"""Learning of gains and of losses, each by itself with its own learning rate and sensitivity.

    .. math::
        P(a) \propto e^{V_r(a) + V_p(a)}, \qquad
        V_r(a) \leftarrow V_r(a) + \alpha_r\, (\rho_r\, G\, c_t(a) - V_r(a))

        V_p(a) \leftarrow V_p(a) + \alpha_p\, (-\rho_p\, L\, c_t(a) - V_p(a))

    :math:`G` is what the chosen action gained and :math:`L` what it lost, both of which may happen on one
    trial; :math:`c_t(a)` is 1 for the action chosen and 0 for the others, whose values so go back towards 0,
    where all of them start. It is hBayesDM's bandit4arm_4par; in `with_lapse` it is its bandit4arm_lapse.

    Outcomes are a dict of two: "gain", and "loss", which may be written as 50 or as -50.

    Parameters: `alpha_reward` and `alpha_punishment` in [0, 1]; `reward_sensitivity` and
    `punishment_sensitivity`, at least 0. A `Trace` tells `values`, the sum of `gain_values` and
    `loss_values`, which it tells too, all as they were before the outcome and in logits.

    Args:
        n_actions: How many actions, at least 2.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2.

    Example:
        >>> [p.name for p in gain_loss_sensitivities(4).parameters]
        ['alpha_reward', 'alpha_punishment', 'reward_sensitivity', 'punishment_sensitivity']

    Source:
        Seymour et al. (2012), doi 10.1523/JNEUROSCI.0053-12.2012, without its perseveration.
    """
    return _gain_loss(_parts.checked_size(n_actions))


@_pickling.cached
def _gain_loss(n_actions: int) -> Model:
    def init(params):
        return {kind: _parts.first_values(n_actions, 0.0)[1](params) for kind in ("gain", "loss")}

    def predict(params, state, trial):
        return state["gain"] + state["loss"]

    def update(params, state, trial, chosen, outcome):
        paid = _gain_and_loss(outcome)
        gain = params["reward_sensitivity"] * jnp.abs(paid["gain"]) * chosen
        loss = -params["punishment_sensitivity"] * jnp.abs(paid["loss"]) * chosen
        after = {
            "gain": state["gain"] + params["alpha_reward"] * (gain - state["gain"]),
            "loss": state["loss"] + params["alpha_punishment"] * (loss - state["loss"]),
        }
        told = {"gain_values": state["gain"], "loss_values": state["loss"]}
        return after, {"values": state["gain"] + state["loss"], **told}

    rates = map(_parts.share, ("alpha_reward", "alpha_punishment"))
    parameters = (*rates, _sensitivity_to("reward"), _sensitivity_to("punishment"))
    return Model("gain_loss_sensitivities", parameters, categorical(n_actions), init, predict, update)


def _gain_and_loss(outcome: Any) -> dict[str, Any]:
    """Outcomes with the two names that the model needs."""
    names = set(outcome) if isinstance(outcome, dict) else set()
    if not {"gain", "loss"} <= names:
        expected = "a dict with 'gain' and 'loss', which gain_loss_sensitivities needs"
        _checks.fail("outcomes", expected, ", ".join(sorted(map(repr, names))) or "one without a name")
    return outcome


def _sensitivity_to(kind: str) -> Parameter:
    """What an outcome of 1 is worth, in logits. Its prior is that of an inverse temperature, which it is."""
    name = f"{kind}_sensitivity" if kind else "sensitivity"
    return Parameter(name, lower=0, prior=_parts.INVERSE_TEMPERATURE, unit="per difference")
