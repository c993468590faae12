r"""The two-step task: learners by habit, by planning, and by both."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import _checks
from .._compute import rows
from ..learning.rescorla_wagner import INITIAL_VALUE
from ..learning.two_stage import two_stage_update
from . import _parts, _pickling
from .composition import STICKINESS
from .model import Model, Parameter, Trial
from .responses import categorical

__all__ = ["two_step_hybrid", "two_step_model_based", "two_step_model_free"]

TRACE = "eligibility_trace"
FIXED = {"two_step_model_free": 0.0, "two_step_model_based": 1.0}
"""The weights that are no parameters."""


def two_step_hybrid(
    initial_value: float | str = INITIAL_VALUE,
    inverse_temperature: bool = False,
    *,
    common: float = 0.7,
    by_stage: bool = True,
) -> Model:
    r"""A learner in the two-step task who plans and has habits: the first choice weighs both.

    .. math::
        Q_{MB}(a) = \sum_{s} P(s \mid a) \max_{a'} Q_2(s, a'), \qquad
        Q(a) = w\, Q_{MB}(a) + (1 - w)\, Q_1(a)

        P(a_1 = a) \propto e^{Q(a) / \tau_1 + \kappa\, c_{t-1}(a)}, \qquad
        P(a_2 = a) \propto e^{Q_2(s, a) / \tau_2}

        \delta_1 = Q_2(s, a_2) - Q_1(a_1), \qquad \delta_2 = R - Q_2(s, a_2)

        Q_1(a_1) \leftarrow Q_1(a_1) + \alpha_1\, (\delta_1 + \lambda\, \delta_2), \qquad
        Q_2(s, a_2) \leftarrow Q_2(s, a_2) + \alpha_2\, \delta_2

    The habit :math:`Q_1` and the values :math:`Q_2` on the two planets are learned as in
    `learning.two_stage.two_stage_update`, with :math:`\alpha_1`, :math:`\alpha_2` and :math:`\lambda`.
    :math:`c_{t-1}` is the last first choice, one-hot. The planner knows the task: action 0 leads to planet 1
    with the probability `common`, else to planet 2, and action 1 the other way round. Nothing is learned
    about that.

    It plays the rows of `tasks.two_step`, two a trial, and needs the inputs "stage" and "planet".
    Parameters: `alpha_1`, `alpha_2`, `eligibility_trace` and `w` in [0, 1]; `temperature_1` and
    `temperature_2` above 0, or `inverse_temperature_1` and `inverse_temperature_2` of at least 0;
    `stickiness`, any number, in logits: inside the temperature, as Daw et al. have it, it is this one times
    the temperature. At w = 0 it is `two_step_model_free`, at w = 1 `two_step_model_based`. Of
    200 simulated people with 200 trials each, `alpha_1`, `w` and `eligibility_trace` are recovered with rank
    correlations of .5 to .7, the others with more: the higher w is, the less habits matter.

    In hBayesDM's models the second error is the one left after the second choice has learned. With initial
    values of 0, inverse temperatures and :math:`\pi` = `stickiness`, its `ts_par7` is this model at
    `eligibility_trace` :math:`= \lambda (1 - \alpha_2)`, its `ts_par6` that at :math:`\lambda = 1`, and its
    `ts_par4` the latter with `by_stage=False`.

    A `Trace` tells `values`, of the two actions at hand; `prediction_errors`, :math:`\delta_2`, 0 on the rows
    of the first stage; and `first_stage_errors`, :math:`\delta_1`, one number, on the rows of the second
    stage, where it comes to be known.

    Args:
        initial_value: All values before the first trial. "free": one more parameter, `initial_value`, after
            the others.
        inverse_temperature: Whether there are inverse temperatures.
        common: :math:`P(1 \mid 0) = P(2 \mid 1)`, the probability of the common transition that the planner
            reckons with, in [0, 1].
        by_stage: Whether each stage has a learning rate and a temperature of its own. False: one `alpha` and
            one `temperature` or `inverse_temperature` go for both.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `initial_value` is neither a finite number nor "free", or `common` is no probability.

    Example:
        >>> [p.name for p in two_step_hybrid(by_stage=False).parameters]
        ['alpha', 'eligibility_trace', 'w', 'temperature', 'stickiness']

    Source:
        Daw et al. (2011), doi 10.1016/j.neuron.2011.02.027.
    """
    arguments = _checked(initial_value, inverse_temperature, common, by_stage)
    return _two_step("two_step_hybrid", *arguments)


def two_step_model_free(
    initial_value: float | str = INITIAL_VALUE, inverse_temperature: bool = False, *, by_stage: bool = True
) -> Model:
    r"""A learner in the two-step task who has habits alone, and does not ask how a planet was reached.

    .. math::
        P(a_1 = a) \propto e^{Q_1(a) / \tau_1 + \kappa\, c_{t-1}(a)}, \qquad
        P(a_2 = a) \propto e^{Q_2(s, a) / \tau_2}

        \delta_1 = Q_2(s, a_2) - Q_1(a_1), \qquad \delta_2 = R - Q_2(s, a_2)

        Q_1(a_1) \leftarrow Q_1(a_1) + \alpha_1\, (\delta_1 + \lambda\, \delta_2), \qquad
        Q_2(s, a_2) \leftarrow Q_2(s, a_2) + \alpha_2\, \delta_2

    It is `two_step_hybrid` at w = 0, with the same parameters but `w`.

    Args:
        initial_value: As in `two_step_hybrid`.
        inverse_temperature: As in `two_step_hybrid`.
        by_stage: As in `two_step_hybrid`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `two_step_hybrid`.

    Example:
        >>> [p.name for p in two_step_model_free(by_stage=False).parameters]
        ['alpha', 'eligibility_trace', 'temperature', 'stickiness']

    Source:
        Daw et al. (2011), doi 10.1016/j.neuron.2011.02.027.
    """
    return _two_step("two_step_model_free", *_checked(initial_value, inverse_temperature, 0.5, by_stage))


def two_step_model_based(
    initial_value: float | str = INITIAL_VALUE,
    inverse_temperature: bool = False,
    *,
    common: float = 0.7,
    by_stage: bool = True,
) -> Model:
    r"""A learner in the two-step task who plans: each first choice is worth what it leads to.

    .. math::
        P(a_1 = a) \propto e^{Q_{MB}(a) / \tau_1 + \kappa\, c_{t-1}(a)}, \qquad
        Q_{MB}(a) = \sum_{s} P(s \mid a) \max_{a'} Q_2(s, a')

        P(a_2 = a) \propto e^{Q_2(s, a) / \tau_2}, \qquad
        Q_2(s, a_2) \leftarrow Q_2(s, a_2) + \alpha_2\, (R - Q_2(s, a_2))

    It is `two_step_hybrid` at w = 1, with the same parameters but those of the habit: `alpha_1`,
    `eligibility_trace` and `w`. `alpha_2` keeps its name, or is `alpha` where `by_stage` is False.

    Args:
        initial_value: As in `two_step_hybrid`.
        inverse_temperature: As in `two_step_hybrid`.
        common: As in `two_step_hybrid`.
        by_stage: As in `two_step_hybrid`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `two_step_hybrid`.

    Example:
        >>> [p.name for p in two_step_model_based().parameters]
        ['alpha_2', 'temperature_1', 'temperature_2', 'stickiness']

    Source:
        Daw et al. (2011), doi 10.1016/j.neuron.2011.02.027.
    """
    arguments = _checked(initial_value, inverse_temperature, common, by_stage)
    return _two_step("two_step_model_based", *arguments)


class _Kind(NamedTuple):
    """What tells these models apart; of two names, one a stage, both may be the same."""

    name: str
    common: float
    alphas: tuple[str, str]
    temperature: str
    temperatures: tuple[str, str]
    scaled: Callable


@_pickling.cached
def _two_step(
    name: str, initial_value: float | str, inverse_temperature: bool, common: float, by_stage: bool
) -> Model:
    either, scaled = _parts.softmax_scale(inverse_temperature)
    free, first_values = _parts.first_values(6, initial_value)
    one, two = ("_1", "_2") if by_stage else ("", "")
    alphas, temperatures = (f"alpha{one}", f"alpha{two}"), (f"{either.name}{one}", f"{either.name}{two}")
    kind = _Kind(name, common, alphas, either.name, temperatures, scaled)
    stickiness = Parameter("stickiness", -math.inf, prior=STICKINESS)
    own = [either._replace(name=of) for of in dict.fromkeys(temperatures)]
    return Model(
        name,
        (*map(_parts.share, _learning(kind)), *own, stickiness, *free),
        categorical(2),
        partial(_init, first_values),
        partial(_predict, kind),
        partial(_update, kind),
        ("stage", "planet"),
        levels=(("stage", (0, 1)), ("planet", (0, 1, 2))),
    )


def _learning(kind: _Kind) -> list[str]:
    """The names of the parameters in [0, 1]."""
    if kind.name == "two_step_model_based":
        return [kind.alphas[1]]
    return [*dict.fromkeys(kind.alphas), TRACE, *(["w"] if kind.name not in FIXED else [])]


def _init(first_values: Callable, params: dict) -> dict[str, Array]:
    """All values, and two choices: the last first one, and the same until its second has been seen."""
    values = first_values(params)
    none = jnp.zeros(2, values.dtype)
    return {"first": values[:2], "second": values[2:], "last": none, "pending": none}


def _at_hand(kind: _Kind, params: dict, state: dict, trial: Trial) -> Float[Array, "2"]:
    """The values of the two actions that the row is about."""
    w = FIXED[kind.name] if kind.name in FIXED else params["w"]
    net = w * _planned(state["second"], kind.common) + (1 - w) * state["first"]
    there = jnp.where(trial.inputs["planet"] == 2, state["second"][2:], state["second"][:2])
    return jnp.where(trial.inputs["stage"] == 0, net, there)


def _planned(second: Float[Array, "4"], common: float) -> Float[Array, "2"]:
    """What each first action is worth, given where it leads and the best that can be had there."""
    best_1, best_2 = rows.row_max(second[:2]), rows.row_max(second[2:])
    rare = 1 - common
    return jnp.concatenate([common * best_1 + rare * best_2, rare * best_1 + common * best_2])


def _predict(kind: _Kind, params: dict, state: dict, trial: Trial) -> Float[Array, "2"]:
    at_first = trial.inputs["stage"] == 0
    # Chosen before it is applied: the slope of the other stage may be infinite, and 0 times that is NaN.
    temperature = jnp.where(at_first, params[kind.temperatures[0]], params[kind.temperatures[1]])
    logits = kind.scaled({kind.temperature: temperature}, _at_hand(kind, params, state, trial))
    return logits + jnp.where(at_first, params["stickiness"], 0) * state["last"]


def _update(kind: _Kind, params: dict, state: dict, trial: Trial, chosen: Array, outcome: Array):
    at_first, planet = trial.inputs["stage"] == 0, trial.inputs["planet"]
    first = jnp.where(at_first, 0, state["pending"])
    second = jnp.where(at_first, 0, jnp.concatenate([chosen * (planet == 1), chosen * (planet == 2)]))
    paid = rows.row_sum(chosen * outcome)[0]
    # A planner has no habit to learn.
    rates = (params.get(kind.alphas[0], 0.0), params[kind.alphas[1]], params.get(TRACE, 0.0))
    old = (state["first"], state["second"])
    new, (_, errors) = two_stage_update(old, (paid, first, second), *rates)
    last = jnp.where(at_first, chosen, state["last"])
    pending = jnp.where(at_first, chosen, 0)
    return {"first": new[0], "second": new[1], "last": last, "pending": pending}, {
        "values": _at_hand(kind, params, state, trial),
        "prediction_errors": errors[1][:2] + errors[1][2:],
        "first_stage_errors": rows.row_sum(errors[0])[0],
    }


def _checked(
    initial_value: Any, inverse_temperature: Any, common: Any, by_stage: Any
) -> tuple[float | str, bool, float, bool]:
    """What builds a model, in one form, so that equal arguments share a model."""
    _, value, inverse = _parts.checked_learner(2, initial_value, inverse_temperature)
    share = _parts._checked_number("common", common)
    if not 0 <= share <= 1:
        _checks.fail("common", "a probability, a number in [0, 1]", share)
    return value, inverse, share, bool(by_stage)
