r"""Go/no-go learning: whether to act at a cue, with a bias to act, and one that goes by the cue's worth."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from .. import _checks
from .._compute import rows
from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update
from . import _parts, _pickling
from .composition import with_lapse
from .model import Model, Parameter, Prior, Trial
from .responses import categorical
from .sensitivities import _sensitivity_to

__all__ = ["go_no_go"]

BIAS = Prior("Normal", (0.0, 1.0))


def go_no_go(
    n_cues: int = 4,
    go_bias: bool = False,
    pavlovian_bias: bool = False,
    two_sensitivities: bool = False,
) -> Model:
    r"""Learning what pays at each cue, to act or not to; if asked for, with a go bias and a Pavlovian bias.

    .. math::
        P(\text{go}) = (1 - \varepsilon)\, \frac{1}{1 + e^{-(W_s(\text{go}) - W_s(\text{no-go}))}}
        + \frac{\varepsilon}{2}

    .. math::
        W_s(\text{go}) = Q_s(\text{go}) + b + \pi\, V_s, \qquad W_s(\text{no-go}) = Q_s(\text{no-go})

        b = 0 \quad [\text{without } \mathtt{go\_bias}], \qquad
        \pi = 0 \quad [\text{without } \mathtt{pavlovian\_bias}]

    .. math::
        Q_s(a_t) \leftarrow Q_s(a_t) + \alpha\, (\rho R - Q_s(a_t)), \qquad
        V_s \leftarrow V_s + \alpha\, (\rho R - V_s)

        \rho = \rho_{r|p} \quad [\mathtt{two\_sensitivities}]

    :math:`s` is the cue of the trial. Its value :math:`V_s` grows with what is paid there, whatever is done,
    and pulls towards acting where it is above 0 and away from it where it is below. All values start at 0
    and are in logits.

    Action 0 is no-go and action 1 is go. The input "cue" is a whole number from 0 to below `n_cues`; data
    with another one, such as a cue counted from 1, are refused.

    Parameters: `alpha` in [0, 1], the learning rate; `sensitivity` of at least 0, :math:`\rho`, or with two
    `reward_sensitivity` and `punishment_sensitivity`, for outcomes of at least 0 and below; `go_bias`,
    :math:`b`, and `pavlovian_bias`, :math:`\pi`, any numbers, where they are asked for; `lapse` in [0, 1],
    :math:`\varepsilon`: it is put into `with_lapse`. Each bias at 0, and two sensitivities that are the same,
    give the model without. A `Trace` tells of the trial's cue the `values` :math:`Q_s`,
    `prediction_errors`, and with a Pavlovian bias `cue_value`, :math:`V_s`.

    Sensitivity and lapse both say how sure choices become, and maximum likelihood hardly tells them apart:
    for people from the default priors, 240 trials and both biases, ranks correlate .4 and .3 with the true
    ones, those of the learning rate and the biases .7 to .8. With those priors only the lapse stays below .8.

    hBayesDM's models are these: gng_m1 is `go_no_go()`, gng_m2 has `go_bias=True`, gng_m3 also has
    `pavlovian_bias=True`, and gng_m4 all three.

    Args:
        n_cues: How many cues there are, at least 1.
        go_bias: Whether there is a go bias.
        pavlovian_bias: Whether there is a Pavlovian bias.
        two_sensitivities: Whether there are two sensitivities.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_cues` is no whole number of at least 1.

    Example:
        >>> [p.name for p in go_no_go(go_bias=True, pavlovian_bias=True).parameters]
        ['alpha', 'sensitivity', 'go_bias', 'pavlovian_bias', 'lapse']

    Source:
        Guitart-Masip et al. (2012), doi 10.1016/j.neuroimage.2012.04.024; two sensitivities: Cavanagh et al.
        (2013), doi 10.1523/JNEUROSCI.5754-12.2013.
    """
    n_cues = _checks.size("n_cues", n_cues, minimum=1)
    return _go_no_go(n_cues, bool(go_bias), bool(pavlovian_bias), bool(two_sensitivities))


@_pickling.cached
def _go_no_go(n_cues: int, go_bias: bool, pavlovian_bias: bool, two_sensitivities: bool) -> Model:
    switches = {"go_bias": go_bias, "pavlovian_bias": pavlovian_bias, "two_sensitivities": two_sensitivities}
    name = "+".join(["go_no_go", *(part for part, there in switches.items() if there)])
    return with_lapse(_without_lapse(n_cues, *switches.values()))._replace(name=name)


@_pickling.cached
def _without_lapse(n_cues: int, go_bias: bool, pavlovian_bias: bool, two_sensitivities: bool) -> Model:
    """The model that never lapses.

    Its state has a row of values for no-go and one for go, and one of the cues where they have a say.
    """
    kinds = ("reward", "punishment") if two_sensitivities else ("",)
    sensitivities = tuple(map(_sensitivity_to, kinds))
    biases = [Parameter("go_bias", -math.inf, prior=BIAS)] * go_bias
    biases += [Parameter("pavlovian_bias", -math.inf, prior=BIAS)] * pavlovian_bias

    def init(params):
        return jnp.zeros((2 + pavlovian_bias, n_cues), jnp.result_type(float, *params.values()))

    def predict(params, state, trial):
        values = _at_cue(state, trial)
        towards_go = params["go_bias"] if go_bias else jnp.zeros_like(values[0])
        if pavlovian_bias:
            towards_go = towards_go + params["pavlovian_bias"] * values[2]
        return jnp.stack([values[0], values[1] + towards_go])

    def update(params, state, trial, chosen, outcome):
        paid = rows.row_sum(chosen * outcome)
        reward, punishment = params[sensitivities[0].name], params[sensitivities[-1].name]
        felt = jnp.where(paid >= 0, reward, punishment) * paid
        learns = jnp.append(chosen, 1.0) if pavlovian_bias else chosen
        after, (_, error) = asymmetric_rescorla_wagner_update(
            state,
            (jnp.broadcast_to(felt, state.shape), learns[:, None] * _shown(state, trial)),
            params["alpha"],
            params["alpha"],
        )
        values = _at_cue(state, trial)
        records = {"values": values[:2], "prediction_errors": _at_cue(error, trial)[:2]}
        return after, records | ({"cue_value": values[2]} if pavlovian_bias else {})

    parameters = (_parts.share("alpha"), *sensitivities, *biases)
    levels = (("cue", tuple(range(n_cues))),)
    return Model("go_no_go", parameters, categorical(2), init, predict, update, ("cue",), levels=levels)


def _shown(state: Any, trial: Trial) -> Any:
    """Which cue is shown, one-hot."""
    return (jnp.arange(state.shape[-1]) == trial.inputs["cue"]).astype(state.dtype)


def _at_cue(x: Any, trial: Trial) -> Any:
    """The column of the cue that is shown."""
    return rows.row_sum(x * _shown(x, trial))[:, 0]
