r"""The two-step task without chance on the way: a learner by habit and by planning."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._compute import rows
from ..learning.rescorla_wagner import INITIAL_VALUE
from ..learning.two_stage import two_stage_update
from . import _parts, _pickling
from .composition import STICKINESS
from .model import Model, Parameter, Trial
from .responses import categorical
from .two_step import TRACE

__all__ = ["two_step_deterministic_hybrid"]


def two_step_deterministic_hybrid(
    initial_value: float | str = INITIAL_VALUE,
    inverse_temperature: bool = False,
    *,
    by_stake: bool = False,
    side_stickiness: bool = False,
) -> Model:
    r"""A learner in the deterministic two-step task, who plans and has a habit for each place to start from.

    .. math::
        Q(a) = w\, Q_2(a) + (1 - w)\, Q_1(s, a), \qquad
        P(a) \propto e^{Q(a)/\tau + \kappa\, c_{t-1}(s, a)}

        \delta_1 = Q_2(a_t) - Q_1(s, a_t), \qquad \delta_2 = R - Q_2(a_t)

        Q_1(s, a_t) \leftarrow Q_1(s, a_t) + \alpha\, (\delta_1 + \lambda\, \delta_2), \qquad
        Q_2(a_t) \leftarrow Q_2(a_t) + \alpha\, \delta_2

    :math:`Q_2(a)` is the value of the planet that action :math:`a` leads to, from either start :math:`s`: the
    planner knows that. The planets and the habits :math:`Q_1` learn as in
    `learning.two_stage.two_stage_update`, with one :math:`\alpha` for both and :math:`\lambda`. The choice
    before, :math:`c_{t-1}`, counts where that trial started from the same place.

    It plays `tasks.two_step_deterministic`, and needs the input "start". Parameters: `alpha`,
    `eligibility_trace` and `w` in [0, 1]; `temperature` above 0, or `inverse_temperature` of at least 0;
    `stickiness`, any number, in logits. In the published programs the stickiness is inside the temperature:
    that is this one times the temperature. A `Trace` tells `values`, :math:`Q`, and `prediction_errors` of
    the planets. Of 200 simulated people with 200 trials each, `eligibility_trace` is recovered with a rank
    correlation of .3, all others with .6 or more.

    Args:
        initial_value: All values before the first trial. "free": one more parameter, `initial_value`, after
            the others.
        inverse_temperature: Whether there is an inverse temperature.
        by_stake: Whether the weight depends on the stake: `w_low` and `w_high` in place of `w`, the latter
            where the input "stake", then needed, is above 1.
        side_stickiness: Whether the side of the screen that was chosen last has a bonus as well: one
            parameter more, `side_stickiness`, and the input "left", the action that is shown on the left.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `initial_value` is neither a finite number nor "free".

    Example:
        >>> [p.name for p in two_step_deterministic_hybrid(by_stake=True).parameters]
        ['alpha', 'eligibility_trace', 'w_low', 'w_high', 'temperature', 'stickiness']

    Source:
        Kool, Cushman & Gershman (2016), doi 10.1371/journal.pcbi.1005090; a weight for each stake: Kool,
        Gershman & Cushman (2017), doi 10.1177/0956797617708288.
    """
    _, value, inverse = _parts.checked_learner(2, initial_value, inverse_temperature)
    return _hybrid(value, inverse, bool(by_stake), bool(side_stickiness))


@_pickling.cached
def _hybrid(
    initial_value: float | str, inverse_temperature: bool, by_stake: bool, side_stickiness: bool
) -> Model:
    temperature, scaled = _parts.softmax_scale(inverse_temperature)
    free, first_values = _parts.first_values(6, initial_value)
    shares = ("alpha", TRACE, *(("w_low", "w_high") if by_stake else ("w",)))
    bonuses = ("stickiness", *(("side_stickiness",) if side_stickiness else ()))
    bonuses = tuple(Parameter(name, -math.inf, prior=STICKINESS) for name in bonuses)
    return Model(
        "two_step_deterministic_hybrid",
        (*map(_parts.share, shares), temperature, *bonuses, *free),
        categorical(2),
        partial(_init, first_values),
        partial(_predict, scaled),
        _update,
        ("start", *(("stake",) if by_stake else ()), *(("left",) if side_stickiness else ())),
        levels=(("start", (0, 1)), *((("left", (0, 1)),) if side_stickiness else ())),
    )


def _init(first_values: Callable, params: dict) -> dict[str, Array]:
    """All values, and the last choice: which action of which start, and which side of the screen."""
    values = first_values(params)
    zeros = jnp.zeros_like(values)
    return {"first": values[:4], "second": values[4:], "last": zeros[:4], "side": zeros[4:]}


def _mixed(params: dict, state: dict, trial: Trial) -> Float[Array, "2"]:
    """What each action is worth by plan and habit together."""
    if "w" in params:
        w = params["w"]
    else:
        w = jnp.where(trial.inputs["stake"] > 1, params["w_high"], params["w_low"])
    return w * state["second"] + (1 - w) * _of_start(state["first"], trial)


def _predict(scaled: Callable, params: dict, state: dict, trial: Trial) -> Float[Array, "2"]:
    logits = scaled(params, _mixed(params, state, trial))
    logits = logits + params["stickiness"] * _of_start(state["last"], trial)
    if "side_stickiness" not in params:
        return logits
    return logits + params["side_stickiness"] * _sided(state["side"], trial)


def _update(params: dict, state: dict, trial: Trial, chosen: Array, outcome: Array):
    start = trial.inputs["start"]
    here = jnp.concatenate([chosen * (start == 0), chosen * (start == 1)])
    paid = rows.row_sum(chosen * outcome)[0]
    rates = (params["alpha"], params["alpha"], params[TRACE])
    new, (_, errors) = two_stage_update((state["first"], state["second"]), (paid, here, chosen), *rates)
    side = _sided(chosen, trial) if "side_stickiness" in params else state["side"]
    records = {"values": _mixed(params, state, trial), "prediction_errors": errors[1]}
    return {"first": new[0], "second": new[1], "last": here, "side": side}, records


def _of_start(x: Float[Array, "4"], trial: Trial) -> Float[Array, "2"]:
    """The entries of the two actions at the place where the trial starts."""
    return jnp.where(trial.inputs["start"] == 1, x[2:], x[:2])


def _sided(x: Float[Array, "2"], trial: Trial) -> Float[Array, "2"]:
    """From actions to sides of the screen, left first; or back, as it is the same exchange."""
    return jnp.where(trial.inputs["left"] == 1, x[::-1], x)
