r"""Learners that also learn what the actions that were not chosen would have paid.

Either their outcomes were seen, or they are made from the chosen action's. How is for the caller to say, as
nothing in the data does: 0 is a loss beside 1, and neither beside -1 and 1.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from .. import _checks
from .._compute import rows
from ..learning.rescorla_wagner import INITIAL_VALUE, asymmetric_rescorla_wagner_update
from . import _parts, _pickling
from .model import Model
from .responses import categorical

__all__ = [
    "asymmetric_counterfactual_rescorla_wagner",
    "confirmation_bias",
    "counterfactual_rescorla_wagner",
]

SEEN = "seen"
"""The `counterfactual_outcome` of a learner who is shown the outcomes of all actions."""

CODINGS = {"1-r": (0.0, 1.0), "-r": (-1.0, 1.0)}
"""The two outcomes that there are, of which an action that was not chosen would have paid the other."""


def counterfactual_rescorla_wagner(
    n_actions: int,
    counterfactual_outcome: str | tuple[float, float],
    initial_value: float | str | None = None,
    inverse_temperature: bool = False,
    one_rate: bool = False,
) -> Model:
    r"""Rescorla-Wagner learning of all actions, with a learning rate for those that were not chosen.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad
        V(a) \leftarrow V(a) + \begin{cases} \alpha\, (R(a) - V(a)) & a = a_t \\
        \alpha_u\, (R(a) - V(a)) & a \ne a_t \end{cases}

        \alpha_u = \alpha \quad [\text{without } \mathtt{alpha\_unchosen}]

    .. math::
        R(a) = r_0 + r_1 - R(a_t) \quad \text{for every } a \ne a_t
        \quad [\mathtt{counterfactual\_outcome}]

    :math:`R(a)` is what each action would have paid, where that was shown (full feedback). Where the chosen
    action's outcome alone was shown (partial feedback), that of the others is made from it, a fictitious one:
    :math:`R(a) = 1 - R(a_t)` for outcomes of 0 and 1, :math:`R(a) = -R(a_t)` for outcomes of -1 and 1.
    In general :math:`r_0` and :math:`r_1` are the two outcomes there are, as `counterfactual_outcome` has it.
    An action that was not on offer does not learn.

    Parameters: `alpha` and `alpha_unchosen` in [0, 1], the learning rates of the chosen action and of the
    others; `temperature` above 0, or `inverse_temperature` of at least 0. With `alpha_unchosen` at 0 it is
    `rescorla_wagner`. State and records are as in `asymmetric_rescorla_wagner`.

    With fictitious outcomes the two rates are hard to tell apart, as both move the same difference of values:
    in 200 trials of a bandit their fits correlate .4 to .5 with the true ones, and .9 with one rate.

    With one rate, "-r", an inverse temperature and values from 0 it is hBayesDM's prl_fictitious_woa.

    Args:
        n_actions: How many actions, at least 2.
        counterfactual_outcome: Where the outcome of an action that was not chosen comes from. "seen": it was
            shown, so data that know the chosen action's outcome alone are refused. "1 - r": outcomes are 0
            and 1, and it is the other one; "-r": outcomes are -1 and 1, likewise; two numbers, such as
            (0, 100): these are the two outcomes. Data with any other outcome are then refused. There is no
            default, as a wrong coding fits as easily as the right one.
        initial_value: The value of every action before the first trial. None: halfway between the two
            outcomes, or 0.5 where all outcomes are seen. "free": one more parameter, `initial_value`, after
            the others.
        inverse_temperature: Whether the last parameter is an inverse temperature.
        one_rate: Whether all actions learn at the rate `alpha`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2, `counterfactual_outcome` is none of
            these, or `initial_value` is neither None, a finite number nor "free".

    Example:
        >>> [p.name for p in counterfactual_rescorla_wagner(2, "1 - r").parameters]
        ['alpha', 'alpha_unchosen', 'temperature']

    Source:
        Full feedback: Palminteri et al. (2017), doi 10.1371/journal.pcbi.1005684. Fictitious outcomes:
        Gläscher et al. (2009), doi 10.1093/cercor/bhn098.
    """
    other = "alpha" if one_rate else "alpha_unchosen"
    arguments = _checked(n_actions, counterfactual_outcome, initial_value, inverse_temperature)
    return _build("counterfactual_rescorla_wagner", ("alpha", "alpha"), (other, other), *arguments)


def asymmetric_counterfactual_rescorla_wagner(
    n_actions: int,
    counterfactual_outcome: str | tuple[float, float],
    initial_value: float | str | None = None,
    inverse_temperature: bool = False,
) -> Model:
    r"""Rescorla-Wagner learning of all actions, with four learning rates: chosen or not, good news or bad.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad
        V(a) \leftarrow V(a) + \begin{cases} \alpha_{p|n}\, (R(a) - V(a)) & a = a_t \\
        \alpha_{u,p|n}\, (R(a) - V(a)) & a \ne a_t \end{cases}

    .. math::
        R(a) = r_0 + r_1 - R(a_t) \quad \text{for every } a \ne a_t
        \quad [\mathtt{counterfactual\_outcome}]

    Outcomes are as in `counterfactual_rescorla_wagner`.

    Parameters, in [0, 1]: `alpha_p` and `alpha_n`, the learning rates of the chosen action for positive and
    negative prediction errors; `alpha_unchosen_p` and `alpha_unchosen_n`, those of the others, for the sign
    of their own. Then `temperature` above 0, or `inverse_temperature` of at least 0. With the second pair at
    0 it is `asymmetric_rescorla_wagner`; with `alpha_unchosen_n` equal to `alpha_p` and `alpha_unchosen_p` to
    `alpha_n` it is `confirmation_bias`.

    Args:
        n_actions: As in `counterfactual_rescorla_wagner`.
        counterfactual_outcome: As in `counterfactual_rescorla_wagner`.
        initial_value: As in `counterfactual_rescorla_wagner`.
        inverse_temperature: As in `counterfactual_rescorla_wagner`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `counterfactual_rescorla_wagner`.

    Example:
        >>> model = asymmetric_counterfactual_rescorla_wagner(2, "seen")
        >>> [p.name for p in model.parameters]
        ['alpha_p', 'alpha_n', 'alpha_unchosen_p', 'alpha_unchosen_n', 'temperature']

    Source:
        Palminteri et al. (2017), doi 10.1371/journal.pcbi.1005684, experiment 2.
    """
    chosen, others = ("alpha_p", "alpha_n"), ("alpha_unchosen_p", "alpha_unchosen_n")
    arguments = _checked(n_actions, counterfactual_outcome, initial_value, inverse_temperature)
    return _build("asymmetric_counterfactual_rescorla_wagner", chosen, others, *arguments)


def confirmation_bias(
    n_actions: int,
    counterfactual_outcome: str | tuple[float, float],
    initial_value: float | str | None = None,
    inverse_temperature: bool = False,
) -> Model:
    r"""Rescorla-Wagner learning of all actions, faster or slower where the outcome confirms the choice.

    .. math::
        P(a) \propto e^{V(a)/\tau}, \qquad V(a) \leftarrow V(a) + \alpha(a)\, \delta(a), \qquad
        \delta(a) = R(a) - V(a)

    .. math::
        \alpha(a) = \begin{cases} \alpha_\text{conf} & \delta(a) > 0 \text{ and } a = a_t,
        \text{ or } \delta(a) < 0 \text{ and } a \ne a_t \\ \alpha_\text{disc} & \text{otherwise}
        \end{cases}

    .. math::
        R(a) = r_0 + r_1 - R(a_t) \quad \text{for every } a \ne a_t
        \quad [\mathtt{counterfactual\_outcome}]

    Good news of the chosen action confirms the choice, and so does bad news of another one. Outcomes are as
    in `counterfactual_rescorla_wagner`.

    Parameters: `alpha_conf` and `alpha_disc` in [0, 1], the learning rates for outcomes that confirm the
    choice and for those that do not; `temperature` above 0, or `inverse_temperature` of at least 0. With
    "-r", an inverse temperature and values from 0 it is hBayesDM's prl_fictitious_rp_woa.

    Args:
        n_actions: As in `counterfactual_rescorla_wagner`.
        counterfactual_outcome: As in `counterfactual_rescorla_wagner`.
        initial_value: As in `counterfactual_rescorla_wagner`.
        inverse_temperature: As in `counterfactual_rescorla_wagner`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `counterfactual_rescorla_wagner`.

    Example:
        >>> [p.name for p in confirmation_bias(2, "seen").parameters]
        ['alpha_conf', 'alpha_disc', 'temperature']

    Source:
        Palminteri et al. (2017), doi 10.1371/journal.pcbi.1005684.
    """
    chosen, others = ("alpha_conf", "alpha_disc"), ("alpha_disc", "alpha_conf")
    arguments = _checked(n_actions, counterfactual_outcome, initial_value, inverse_temperature)
    return _build("confirmation_bias", chosen, others, *arguments)


def _checked(n_actions: Any, coding: Any, initial_value: Any, inverse_temperature: Any) -> tuple[Any, ...]:
    """What `_build` takes, in one form: the two outcomes, or None where all are seen; then the learner's."""
    payoffs = _checked_payoffs(coding)
    if initial_value is None:
        initial_value = INITIAL_VALUE if payoffs is None else sum(payoffs) / 2
    return payoffs, *_parts.checked_learner(n_actions, initial_value, inverse_temperature)


def _checked_payoffs(coding: Any) -> tuple[float, float] | None:
    """The two outcomes that a coding names; None where all outcomes are seen."""
    expected = "'seen', '1 - r' for outcomes of 0 and 1, '-r' for -1 and 1, or the two outcomes"
    if isinstance(coding, str):
        if coding != SEEN and coding.replace(" ", "") not in CODINGS:
            _checks.fail("counterfactual_outcome", expected, repr(coding))
        return CODINGS.get(coding.replace(" ", ""))
    two = isinstance(coding, (tuple, list)) and len(coding) == 2
    if not two or not all(isinstance(x, (int, float)) and math.isfinite(x) for x in coding):
        _checks.fail("counterfactual_outcome", expected, repr(coding))
    low, high = sorted(map(float, coding))
    if low == high:
        _checks.fail("counterfactual_outcome", "two different outcomes", repr(coding))
    return low, high


@_pickling.cached
def _build(
    name: str,
    chosen_rates: tuple[str, str],
    other_rates: tuple[str, str],
    counterfactual_outcome: tuple[float, float] | None,
    n_actions: int,
    initial_value: float | str,
    inverse_temperature: bool,
) -> Model:
    """A learner of all actions. Rates are the names of those for positive and negative prediction errors."""
    temperature, scaled = _parts.softmax_scale(inverse_temperature)
    free, init = _parts.first_values(n_actions, initial_value)

    def predict(params, value, trial):
        return scaled(params, value)

    def update(params, value, trial, chosen, outcome):
        paid = (
            outcome
            if counterfactual_outcome is None
            else _fictitious(chosen, outcome, sum(counterfactual_outcome))
        )
        learns = jnp.ones(n_actions, value.dtype) if trial.available is None else trial.available
        pairs = zip(chosen_rates, other_rates, strict=True)
        alpha_p, alpha_n = [jnp.where(chosen != 0, params[own], params[other]) for own, other in pairs]
        updated_value, (_, prediction_error) = asymmetric_rescorla_wagner_update(
            value, (paid, learns), alpha_p, alpha_n
        )
        return updated_value, {"values": value, "prediction_errors": prediction_error}

    names = dict.fromkeys((*chosen_rates, *other_rates))  # each once
    parameters = (*map(_parts.share, names), temperature, *free)
    levels = () if counterfactual_outcome is None else (("outcomes", counterfactual_outcome),)
    response = categorical(n_actions)
    return Model(
        name, parameters, response, init, predict, update, (), counterfactual_outcome is None, levels
    )


def _fictitious(chosen: Any, outcome: Any, both: float) -> Any:
    """What each action is taken to have paid: the others, of the two outcomes, the one that was not paid."""
    paid = rows.row_sum(chosen * outcome)
    return jnp.where(chosen != 0, paid, both - paid)
