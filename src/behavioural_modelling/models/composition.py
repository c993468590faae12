r"""What turns a model of choice into another one: lapses, stickiness, a choice kernel, forgetting.

Each takes a model and gives a model with one more part and its parameters, which stand after those of the
model. They can be put one around the other; what comes first is inside.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from .. import _checks
from ..decision_rules import log_lapse_mixture
from . import _parts, _pickling
from .model import Model, Parameter, Prior
from .responses import categorical

__all__ = ["with_choice_kernel", "with_forgetting", "with_lapse", "with_stickiness"]

STICKINESS = Prior("Normal", (0.0, 1.0))
LAPSE = Prior("Beta", (1.1, 9.0))

START = "start"
"""Where values are forgotten to, where it is no number: to what they were before the first trial."""


def with_lapse(model: Model) -> Model:
    r"""The model, some of whose choices are made at random among what is on offer.

    .. math:: P(a) = (1 - \varepsilon)\, p_a + \varepsilon / n

    :math:`p_a` is the model's own probability among the :math:`n` actions on offer. One parameter more:
    `lapse` in [0, 1], :math:`\varepsilon`. At 0 it is the model that it was. By its default prior half of all
    people lapse on fewer than 9 trials in 100, and one in ten on more than 24. A person who lapses on every
    other trial says little of her temperature; whoever expects such people says so with a prior.

    Args:
        model: A model of choices.

    Returns:
        The model, the same object for the same argument.

    Raises:
        ValueError: If `model` is no model of choices, or has a parameter of this name.

    Example:
        >>> from behavioural_modelling import models
        >>> [p.name for p in with_lapse(models.rescorla_wagner(2)).parameters]
        ['alpha', 'temperature', 'lapse']

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547.
    """
    return _with_lapse(_checked(model, "lapse"))


@_pickling.cached
def _with_lapse(model: Model) -> Model:
    def predict(params, state, trial):
        logits = jnp.asarray(model.predict(params, state, trial))
        return log_lapse_mixture(logits, params["lapse"], trial.available)

    return _extended(model, "lapse", (_parts.share("lapse")._replace(prior=LAPSE),), predict=predict)


def with_stickiness(model: Model) -> Model:
    r"""The model, with a bonus for the action that was chosen last, whatever it paid.

    .. math:: P(a) \propto e^{\ell_a + \kappa\, c_{t-1}(a)}

    :math:`\ell_a` are the model's logits and :math:`c_{t-1}` the last choice, one-hot; before the first
    trial, or where the model starts anew, there is none. One parameter more: `stickiness`, :math:`\kappa`,
    any number, in logits: with two actions it moves the log-odds of a repetition. (In
    `decision_rules.softmax_stickiness` the bonus is in the unit of the values.) The state is the pair of the
    model's own and the last choice.

    Args:
        model: As in `with_lapse`.

    Returns:
        As in `with_lapse`.

    Raises:
        ValueError: As in `with_lapse`.

    Example:
        >>> from behavioural_modelling import models
        >>> [p.name for p in with_stickiness(models.rescorla_wagner(2)).parameters]
        ['alpha', 'temperature', 'stickiness']

    Source:
        Lau & Glimcher (2005), doi 10.1901/jeab.2005.110-04.
    """
    return _with_stickiness(_checked(model, "stickiness"))


@_pickling.cached
def _with_stickiness(model: Model) -> Model:
    def init(params):
        return model.init(params), jnp.zeros(model.n_actions, _float_type(params))

    def predict(params, state, trial):
        inner, last = state
        return model.predict(params, inner, trial) + params["stickiness"] * last

    def update(params, state, trial, responded, outcome):
        inner, records = model.update(params, state[0], trial, responded, outcome)
        return (inner, responded.astype(state[1].dtype)), records

    stickiness = Parameter("stickiness", -math.inf, prior=STICKINESS)
    return _extended(model, "stickiness", (stickiness,), init=init, predict=predict, update=update)


def with_choice_kernel(model: Model, inverse_temperature: bool = False) -> Model:
    r"""The model, beside a choice kernel: what was chosen lately is chosen again, whatever it paid.

    .. math::
        P(a) \propto e^{\ell_a + K(a)/\tau_c}, \qquad K(a) \leftarrow K(a) + \alpha_c\, (c_t(a) - K(a))

    :math:`\ell_a` are the model's logits; :math:`c_t(a)` is 1 for the action chosen and 0 for the others; the
    kernel :math:`K` starts at 0. Two parameters more: `alpha_c` in [0, 1]; `temperature_c` above 0, or
    `inverse_temperature_c` of at least 0. The state is the pair of the model's own and the kernel; `kernel`
    is among the records. Beside values that are learned, the rate of the kernel is recovered weakly: with
    rank correlations of .3 to .4 from 200 trials, for people drawn from the default priors.

    Args:
        model: As in `with_lapse`.
        inverse_temperature: Whether the last parameter is an inverse temperature.

    Returns:
        As in `with_lapse`.

    Raises:
        ValueError: As in `with_lapse`.

    Example:
        >>> from behavioural_modelling import models
        >>> [p.name for p in with_choice_kernel(models.rescorla_wagner(2)).parameters]
        ['alpha', 'temperature', 'alpha_c', 'temperature_c']

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, models 4 and 5.
    """
    name = "inverse_temperature_c" if inverse_temperature else "temperature_c"
    return _with_choice_kernel(_checked(model, "alpha_c", name), bool(inverse_temperature))


@_pickling.cached
def _with_choice_kernel(model: Model, inverse_temperature: bool) -> Model:
    temperature, scaled = _parts.softmax_scale(inverse_temperature, of="_c")

    def init(params):
        return model.init(params), jnp.zeros(model.n_actions, _float_type(params))

    def predict(params, state, trial):
        inner, kernel = state
        return model.predict(params, inner, trial) + scaled(params, kernel)

    def update(params, state, trial, responded, outcome):
        inner, kernel = state
        inner, records = model.update(params, inner, trial, responded, outcome)
        if "kernel" in records:
            _checks.fail("model", "records of other names than 'kernel'", f"{model.name}, which has one")
        moved = kernel + params["alpha_c"] * (responded - kernel)
        return (inner, moved), records | {"kernel": kernel}

    parameters = (_parts.share("alpha_c"), temperature)
    return _extended(model, "choice_kernel", parameters, init=init, predict=predict, update=update)


def with_forgetting(model: Model, towards: float | str = START) -> Model:
    r"""The model, which forgets the values of the actions that were not chosen.

    .. math:: V(a) \leftarrow V(a) + \phi\, (V_0(a) - V(a)) \quad \text{for every } a \ne a_t

    They go back towards :math:`V_0`, the values before the first trial, or a number that is given. One
    parameter more: `forgetting` in [0, 1], :math:`\phi`. At 0 it is the model that it was.

    Args:
        model: A model of choices whose state is one value per action: put other parts around it afterwards.
        towards: Where forgotten values go. "start": to those before the first trial, whatever `initial_value`
            is. A number: there, in the unit of the values; with 0 what is forgotten is as if it paid nothing.

    Returns:
        As in `with_lapse`.

    Raises:
        ValueError: As in `with_lapse`; if the state is not one value per action; or `towards` is neither
            "start" nor a finite number.

    Example:
        >>> from behavioural_modelling import models
        >>> [p.name for p in with_forgetting(models.rescorla_wagner(2)).parameters]
        ['alpha', 'temperature', 'forgetting']

    Source:
        Ito & Doya (2009), doi 10.1523/JNEUROSCI.6157-08.2009, who forget towards 0.
    """
    if isinstance(towards, str) and towards != START:
        _checks.fail("towards", f"one number, or {START!r}", repr(towards))
    end = START if isinstance(towards, str) else _parts._checked_number("towards", towards)
    return _with_forgetting(_checked(model, "forgetting"), end)


@_pickling.cached
def _with_forgetting(model: Model, towards: float | str) -> Model:
    state = jax.eval_shape(model.init, {p.name: jnp.zeros(()) for p in model.parameters})
    if getattr(state, "shape", None) != (model.n_actions,):
        received = f"shape {state.shape}" if hasattr(state, "shape") else type(state).__name__
        _checks.fail("model", f"a state of one value per action, shape ({model.n_actions},)", received)

    def update(params, value, trial, responded, outcome):
        updated, records = model.update(params, value, trial, responded, outcome)
        end = model.init(params) if towards == START else towards
        forgotten = updated + params["forgetting"] * (end - updated)
        return jnp.where(responded != 0, updated, forgotten), records

    name = "forgetting" if towards == START else f"forgetting_towards_{towards:g}"
    return _extended(model, name, (_parts.share("forgetting"),), update=update)


def _extended(model: Model, name: str, parameters: tuple[Parameter, ...], **functions: Any) -> Model:
    """The model with more parameters and other functions, under a name that says so."""
    return model._replace(
        name=f"{model.name}+{name}", parameters=(*model.parameters, *parameters), **functions
    )


def _float_type(params: dict) -> Any:
    """The type of numbers made from the parameters."""
    return jnp.result_type(float, *params.values())


def _checked(model: Any, *names: str) -> Model:
    """A model of choices that has no parameter of these names."""
    if not isinstance(model, Model):
        _checks.fail("model", "a Model, as the builders in models make it", type(model).__name__)
    if model.n_actions is None or model.response != categorical(model.n_actions):
        _checks.fail("model", "a model whose response is categorical", f"one of {model.response.parts}")
    there = [parameter.name for parameter in model.parameters if parameter.name in names]
    if there:
        _checks.fail("model", f"no parameter {', '.join(map(repr, names))}", f"{model.name}, which has one")
    return model
