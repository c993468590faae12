r"""Models of the Iowa gambling task: prospect valence, value plus perseverance, outcome representation.

Outcomes are net: what was won less what was lost. `payscale` says how much one unit of utility is in the unit
of the outcomes: 100 for the dollars of the task, as in the published fits; 1 where outcomes have been divided
already. The default priors put half of all people below a shape of .42, a loss aversion of 1.7, a consistency
of 1.0 (an inverse temperature of 2), a decay of the perseverance of .44 (62 % is left after a trial).
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from .. import _checks
from .._compute import rows
from ..decision_rules import softmax_logits
from ..learning.iowa_gambling import decay_update, outcome_representation_update
from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update
from ..learning.utility import prospect_utility
from . import _parts, _pickling
from .model import Model, Parameter, Prior
from .responses import categorical

__all__ = ["orl", "pvl_decay", "pvl_delta", "vpp"]

# Such densities fall to 0 at 0, and to next to nothing before the upper bounds below.
SHAPE = Parameter("shape", 0, 2, prior=Prior("Weibull", (0.5, 2.0)))
LOSS_AVERSION = Parameter("loss_aversion", 0, 10, prior=Prior("Weibull", (2.0, 2.0)))
CONSISTENCY = Parameter("consistency", 0, 5, prior=Prior("Weibull", (1.2, 2.0)))
PERSEVERANCE_DECAY = Parameter("perseverance_decay", 0, 5, prior=Prior("Weibull", (0.6, 1.2)))


def pvl_delta(n_actions: int = 4, payscale: float = 100.0) -> Model:
    r"""Prospect-valence learning with the delta rule: utilities of net outcomes, averaged by recency.

    .. math::
        P(a) \propto e^{(3^c - 1)\, V(a)}, \qquad V(a_t) \leftarrow V(a_t) + \alpha\, (u(R / m) - V(a_t))

    .. math::
        u(x) = \begin{cases} x^{s} & x \ge 0 \\ -\lambda\, |x|^{s} & x < 0 \end{cases}

    Parameters: `alpha` in [0, 1], the learning rate; `shape` in [0, 2], :math:`s`; `loss_aversion` in
    [0, 10], :math:`\lambda`; `consistency` in [0, 5], :math:`c`, of which :math:`3^c - 1` is the inverse
    temperature: a pure number, as utilities are. Values start at 0. A `Trace` tells `values` and
    `prediction_errors`, in units of utility.

    With a shape of 1 and a loss aversion of 1 it is `rescorla_wagner` on the outcomes over :math:`m`. From
    100 cards shape and loss aversion are recovered weakly, with rank correlations below .5.

    Args:
        n_actions: How many actions, at least 2; the task has four decks.
        payscale: :math:`m`, the outcome whose utility is 1, above 0: 100 where outcomes are the task's
            dollars. Another payscale is another model: utilities are not in proportion to outcomes.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2, or `payscale` is not a finite number
            above 0.

    Example:
        >>> [p.name for p in pvl_delta().parameters]
        ['alpha', 'shape', 'loss_aversion', 'consistency']

    Source:
        Ahn et al. (2008), doi 10.1080/03640210802352992.
    """
    return _pvl("pvl_delta", *_checked(n_actions, payscale))


def pvl_decay(n_actions: int = 4, payscale: float = 100.0) -> Model:
    r"""Prospect-valence learning with the decay rule: utilities of net outcomes, summed up as they fade.

    .. math::
        P(a) \propto e^{(3^c - 1)\, V(a)}, \qquad V(a) \leftarrow \rho\, V(a) + c_t(a)\, u(R / m)

    .. math::
        u(x) = \begin{cases} x^{s} & x \ge 0 \\ -\lambda\, |x|^{s} & x < 0 \end{cases}

    :math:`u` is as in `pvl_delta`; :math:`c_t(a)` is 1 for the action chosen and 0 for the others. What was
    chosen lately has more of a value than what was not, good or bad: the rule perseverates after gains.

    Parameters: `retention` in [0, 1], :math:`\rho`, the decay parameter of the paper (at 1 nothing fades);
    `shape`, `loss_aversion` and `consistency` as in `pvl_delta`. A `Trace` tells `values`. From 100 cards the
    shape is recovered weakly, with a rank correlation of .3.

    Args:
        n_actions: As in `pvl_delta`.
        payscale: As in `pvl_delta`.

    Returns:
        As in `pvl_delta`.

    Raises:
        ValueError: As in `pvl_delta`.

    Example:
        >>> [p.name for p in pvl_decay().parameters]
        ['retention', 'shape', 'loss_aversion', 'consistency']

    Source:
        Ahn et al. (2008), doi 10.1080/03640210802352992.
    """
    return _pvl("pvl_decay", *_checked(n_actions, payscale))


def vpp(n_actions: int = 4, payscale: float = 100.0) -> Model:
    r"""Value plus perseverance: `pvl_delta` beside a tendency to repeat that gains and losses feed.

    .. math::
        P(a) \propto e^{(3^c - 1)\, (w\, V(a) + (1 - w)\, K(a))}, \qquad
        K(a) \leftarrow \rho\, K(a) + c_t(a) \begin{cases} \epsilon_+ & R \ge 0 \\ \epsilon_- & R < 0
        \end{cases}

    .. math::
        V(a_t) \leftarrow V(a_t) + \alpha\, (u(R / m) - V(a_t)), \qquad
        u(x) = \begin{cases} x^{s} & x \ge 0 \\ -\lambda\, |x|^{s} & x < 0 \end{cases}

    :math:`V` is learned as in `pvl_delta`; :math:`c_t(a)` is 1 for the action chosen and 0 for the others;
    the perseverance :math:`K` starts at 0.

    Parameters: those of `pvl_delta`; `perseverance_gain` and `perseverance_loss`, :math:`\epsilon_+` and
    :math:`\epsilon_-`, any numbers, in units of utility; `retention` in [0, 1], :math:`\rho`; `weight` in
    [0, 1], :math:`w`. With a weight of 1 it is `pvl_delta`. A `Trace` tells `values`, `perseverance` and
    `prediction_errors`. From 200 cards shape, loss aversion, retention and weight are recovered weakly, with
    rank correlations of .3 to .5: eight parameters are many for the task.

    Args:
        n_actions: As in `pvl_delta`.
        payscale: As in `pvl_delta`.

    Returns:
        As in `pvl_delta`.

    Raises:
        ValueError: As in `pvl_delta`.

    Example:
        >>> [p.name for p in vpp().parameters][4:]
        ['perseverance_gain', 'perseverance_loss', 'retention', 'weight']

    Source:
        Worthy et al. (2013), doi 10.3389/fpsyg.2013.00640.
    """
    return _vpp(*_checked(n_actions, payscale))


def orl(n_actions: int = 4, payscale: float = 100.0) -> Model:
    r"""Outcome-representation learning: how much a deck pays, how often it wins, how long ago it was chosen.

    .. math::
        P(a) \propto e^{V(a) + \beta_f\, F(a) + \beta_p\, K(a)}, \qquad
        V(a_t) \leftarrow V(a_t) + \alpha_{+|-}\, (R / m - V(a_t))

    .. math::
        F(a_t) \leftarrow F(a_t) + \alpha_{+|-}\, (\operatorname{sgn} R - F(a_t)), \qquad
        F(a) \leftarrow F(a) + \alpha_{-|+} \left(\tfrac{-\operatorname{sgn} R}{n - 1} - F(a)\right)
        \quad (a \ne a_t)

    .. math::
        K(a_t) \leftarrow 1, \qquad K(a) \leftarrow 3^{-k}\, K(a)

    With an outcome of at least 0 the chosen action learns at :math:`\alpha_+` and the others at
    :math:`\alpha_-`; with a loss it is the other way round. All three start at 0.

    Parameters: `alpha_reward` and `alpha_punishment` in [0, 1]; `perseverance_decay` in [0, 5], :math:`k`;
    `weight_frequency` and `weight_perseverance`, :math:`\beta_f` and :math:`\beta_p`, any numbers, in logits.
    The value has no weight of its own: it is the payscale that says how much it counts. A `Trace` tells
    `values`, `frequencies`, `perseverance` and `prediction_errors`. The decay of the perseverance is not
    recovered, neither from 100 cards nor from 200: a rank correlation of about .1 is what to expect.

    Args:
        n_actions: As in `pvl_delta`.
        payscale: :math:`m`, the outcome that counts for one logit; as in `pvl_delta`.

    Returns:
        As in `pvl_delta`.

    Raises:
        ValueError: As in `pvl_delta`.

    Example:
        >>> [p.name for p in orl().parameters][:3]
        ['alpha_reward', 'alpha_punishment', 'perseverance_decay']

    Source:
        Haines et al. (2018), doi 10.1111/cogs.12688.
    """
    return _orl(*_checked(n_actions, payscale))


@_pickling.cached
def _pvl(name: str, n_actions: int, payscale: float) -> Model:
    """Prospect-valence learning with one of the two rules."""

    def by_delta(params, value, chosen, utility):
        updated, (_, error) = _delta(params, value, chosen, utility)
        return updated, {"values": value, "prediction_errors": error}

    def by_decay(params, value, chosen, utility):
        updated, _ = decay_update(value, (utility, chosen), params["retention"])
        return updated, {"values": value}

    rate, rule = {"pvl_delta": ("alpha", by_delta), "pvl_decay": ("retention", by_decay)}[name]

    def update(params, value, trial, chosen, outcome):
        return rule(params, value, chosen, _utility(params, _paid(chosen, outcome, payscale)))

    def predict(params, value, trial):
        return _consistent(params, value)

    parameters = (_parts.share(rate), SHAPE, LOSS_AVERSION, CONSISTENCY)
    return Model(name, parameters, categorical(n_actions), _zeros(n_actions), predict, update)


@_pickling.cached
def _vpp(n_actions: int, payscale: float) -> Model:
    zeros = _zeros(n_actions)

    def predict(params, state, trial):
        value, perseverance = state
        return _consistent(params, params["weight"] * value + (1 - params["weight"]) * perseverance)

    def update(params, state, trial, chosen, outcome):
        value, perseverance = state
        paid = _paid(chosen, outcome, payscale)
        updated, (_, error) = _delta(params, value, chosen, _utility(params, paid))
        bonus = jnp.where(paid >= 0, params["perseverance_gain"], params["perseverance_loss"])
        kept, _ = decay_update(perseverance, (bonus, chosen), params["retention"])
        told = {"values": value, "perseverance": perseverance, "prediction_errors": error}
        return (updated, kept), told

    bonuses = (_any_number(f"perseverance_{of}", 1.0) for of in ("gain", "loss"))
    parameters = (*_pvl("pvl_delta", n_actions, payscale).parameters, *bonuses)
    parameters = (*parameters, _parts.share("retention"), _parts.share("weight"))
    init = lambda params: (zeros(params), zeros(params))  # noqa: E731
    return Model("vpp", parameters, categorical(n_actions), init, predict, update)


@_pickling.cached
def _orl(n_actions: int, payscale: float) -> Model:
    zeros = _zeros(n_actions)

    def predict(params, state, trial):
        value, frequency, perseverance = state
        by_frequency = params["weight_frequency"] * frequency
        return value + by_frequency + params["weight_perseverance"] * perseverance

    def update(params, state, trial, chosen, outcome):
        how = (params[name] for name in ("alpha_reward", "alpha_punishment", "perseverance_decay"))
        paid = _paid(chosen, outcome, payscale)
        updated, (before, error) = outcome_representation_update(state, (paid, chosen), *how)
        told = zip(("values", "frequencies", "perseverance"), before, strict=True)
        return updated, dict(told) | {"prediction_errors": error}

    weights = (_any_number(f"weight_{of}", 2.0) for of in ("frequency", "perseverance"))
    rates = (_parts.share("alpha_reward"), _parts.share("alpha_punishment"))
    parameters = (*rates, PERSEVERANCE_DECAY, *weights)
    init = lambda params: (zeros(params), zeros(params), zeros(params))  # noqa: E731
    return Model("orl", parameters, categorical(n_actions), init, predict, update)


def _zeros(n_actions: int) -> Any:
    """What makes a zero per action, of the type of the parameters."""
    return lambda params: jnp.zeros(n_actions, jnp.result_type(float, *params.values()))


def _paid(chosen: Any, outcome: Any, payscale: float) -> Any:
    """What the chosen action paid, shape (1,), in units of the payscale."""
    return rows.row_sum(chosen * outcome) / payscale


def _utility(params: dict[str, Any], paid: Any) -> Any:
    return prospect_utility(paid, params["shape"], params["loss_aversion"])


def _delta(params: dict[str, Any], value: Any, chosen: Any, utility: Any) -> Any:
    """The delta rule with one learning rate."""
    return asymmetric_rescorla_wagner_update(value, (utility, chosen), params["alpha"], params["alpha"])


def _consistent(params: dict[str, Any], preference: Any) -> Any:
    """Preferences times the inverse temperature that the consistency stands for."""
    return softmax_logits(preference) * jnp.expm1(math.log(3) * params["consistency"])


def _any_number(name: str, sd: float) -> Parameter:
    """A parameter without bounds, around 0."""
    return Parameter(name, -math.inf, prior=Prior("Normal", (0.0, sd)))


def _checked(n_actions: Any, payscale: Any) -> tuple[int, float]:
    """What builds a model of this family, in one form."""
    number = _parts._checked_number("payscale", payscale)
    if number <= 0:
        _checks.fail("payscale", "a number above 0", payscale)
    return _parts.checked_size(n_actions), number
