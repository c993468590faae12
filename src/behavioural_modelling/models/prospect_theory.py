r"""Prospect theory: a choice between a sure amount and a gamble. Nothing is learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from .. import _checks
from ..learning.utility import prospect_utility
from . import _offers, _parts, _pickling
from .model import Model, Parameter, Prior, Trial
from .responses import categorical

__all__ = ["prospect_theory"]

# Half of all people are below the first number; nine in ten are within a factor of exp(1.64 * the second).
FORM = {
    "curvature": Prior("LogNormal", (math.log(0.9), 0.3)),
    "loss_aversion": Prior("LogNormal", (math.log(1.5), 0.5)),
}
WEIGHTING = Prior("LogNormal", (math.log(0.7), 0.3))

FREE = _parts.FREE
OFFERS = ("gain", "loss", "sure")


def prospect_theory(
    scale: float = 1.0,
    inverse_temperature: bool = False,
    *,
    curvature: float | str = FREE,
    loss_aversion: float | str = FREE,
    weighting: str | None = None,
) -> Model:
    r"""Prospect theory: curved value, losses that weigh more than gains, and softmax choice.

    .. math::
        P(a) \propto e^{U(a)/\tau}, \qquad
        U(0) = u(x_\text{sure}), \qquad
        U(1) = w(p)\, u(x_\text{gain}) + w(1 - p)\, u(-|x_\text{loss}|)

    .. math::
        u(x) = \begin{cases} (x/s)^\rho & x \geq 0 \\ -\lambda\, (-x/s)^\rho & x < 0 \end{cases}

    Action 0 is the sure amount, action 1 the gamble. What is on offer are the inputs "gain", "loss" and
    "sure". A loss may be written as -5 or as 5: either is a loss of 5. Without `weighting` gain and loss are
    as likely as each other, and :math:`w = 1/2`. With it, "probability" is one more input, that of the gain,
    and probabilities are weighted by

    .. math::
        w(p) = 1/2 \quad [\text{without } \mathtt{weighting}]

        w(p) = e^{-(-\log p)^\gamma} \quad [\mathtt{prelec}]

        w(p) = \frac{p^\gamma}{(p^\gamma + (1 - p)^\gamma)^{1/\gamma}} \quad [\mathtt{tversky\_kahneman}]

    Parameters: `curvature` of at least 0, :math:`\rho`, below 1 for people who avoid the risk of gains;
    `loss_aversion` of at least 0, :math:`\lambda`; `weighting` above 0, :math:`\gamma`, where it is asked
    for; `temperature` above 0, or `inverse_temperature` of at least 0. hBayesDM's ra_prospect is the model
    with an inverse temperature, ra_noLA has `loss_aversion=1.0` and ra_noRA `curvature=1.0`.

    Where nearly all gambles are between a gain and a loss, as in `tasks.risky_choice`, the curvature is found
    only roughly (rank correlations of .5 to .6 in simulations), since it bends both sides alike; so is the
    weighting of probabilities.

    The temperature is a difference of utilities, :math:`(x/s)^\rho`. With `scale` 1 it is in the unit of the
    amounts to the power of the person's own curvature, so that temperatures of people with different
    curvatures cannot be compared, and in pence they are not a hundred times those in pounds. With the largest
    amount on offer as the scale it is a pure number, and its default prior fits. There is nothing to
    remember, and outcomes are not looked at.

    Args:
        scale: :math:`s`, the amount that counts as 1, above 0.
        inverse_temperature: Whether the last parameter is an inverse temperature.
        curvature: "free", or a number of at least 0 that everybody has.
        loss_aversion: Likewise.
        weighting: None, "prelec" or "tversky_kahneman".

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `scale` is no finite number above 0, `curvature` or `loss_aversion` is neither "free"
            nor a finite number of at least 0, or `weighting` is none of those named.

    Example:
        >>> [p.name for p in prospect_theory().parameters]
        ['curvature', 'loss_aversion', 'temperature']
        >>> prospect_theory(weighting="prelec").inputs
        ('gain', 'loss', 'sure', 'probability')

    Source:
        Sokol-Hessner et al. (2009), doi 10.1073/pnas.0806761106; weights from Prelec (1998), doi
        10.2307/2998573, and Tversky & Kahneman (1992), doi 10.1007/BF00122574.
    """
    if weighting is not None and weighting not in WEIGHTS:
        _checks.fail("weighting", f"None, {' or '.join(map(repr, WEIGHTS))}", repr(weighting))
    given = _free_or_given("curvature", curvature), _free_or_given("loss_aversion", loss_aversion)
    return _build(_offers.checked_scale("scale", scale), bool(inverse_temperature), *given, weighting)


def _free_or_given(name: str, value: Any) -> float | str:
    """ "free", or a number of at least 0."""
    if isinstance(value, str) and value != FREE:
        _checks.fail(name, f"a number of at least 0, or {FREE!r}", repr(value))
    number = value if isinstance(value, str) else _parts._checked_number(name, value)
    if not isinstance(number, str) and number < 0:
        _checks.fail(name, f"a number of at least 0, or {FREE!r}", number)
    return number


def _within(p: Any, weight: Callable) -> Any:
    """A weight of probabilities that is 0 at 0 and 1 at 1, where its formula has no slope."""
    inside = (p > 0) & (p < 1)
    return jnp.where(inside, weight(jnp.where(inside, p, 0.5)), p)


def _prelec(p: Any, gamma: Any) -> Any:
    return jnp.exp(-jnp.exp(gamma * jnp.log(-jnp.log(p))))


def _tversky_kahneman(p: Any, gamma: Any) -> Any:
    log_p, log_q = gamma * jnp.log(p), gamma * jnp.log1p(-p)
    return jnp.exp(log_p - jnp.logaddexp(log_p, log_q) / gamma)


WEIGHTS: dict[str, Callable[..., Any]] = {"prelec": _prelec, "tversky_kahneman": _tversky_kahneman}


def _even(params: Any, trial: Trial) -> tuple[Any, Any]:
    """The weights of a gain and a loss that are as likely as each other."""
    return 0.5, 0.5


def _weighted(weight: Callable) -> Callable:
    """What gives the weights of the gain and of the loss."""

    def weights(params, trial):
        p, gamma = trial.inputs["probability"], params["weighting"]
        within = lambda p: _within(p, lambda inside: weight(inside, gamma))  # noqa: E731
        return within(p), within(1 - p)

    return weights


@_pickling.cached
def _build(
    scale: float,
    inverse_temperature: bool,
    curvature: float | str,
    loss_aversion: float | str,
    weighting: str | None,
) -> Model:
    temperature, scaled = _parts.softmax_scale(inverse_temperature)
    given: dict[str, Any] = {"curvature": curvature, "loss_aversion": loss_aversion}
    parameters = [
        Parameter(name, lower=0, prior=prior) for name, prior in FORM.items() if given[name] == FREE
    ]
    weights = _even if weighting is None else _weighted(WEIGHTS[weighting])

    def predict(params, state, trial):
        form = [params.get(name, number) for name, number in given.items()]
        gain, loss, sure = (trial.inputs[name] / scale for name in OFFERS)
        of_gain, of_loss = weights(params, trial)
        gamble = of_gain * prospect_utility(gain, *form) + of_loss * prospect_utility(-jnp.abs(loss), *form)
        return scaled(params, jnp.stack([prospect_utility(sure, *form), gamble]))

    inputs = OFFERS
    if weighting is not None:
        parameters.append(Parameter("weighting", lower=0, above=True, prior=WEIGHTING))
        inputs = (*OFFERS, "probability")
    parameters = (*parameters, temperature._replace(unit=None))
    response, update = categorical(2), _offers.nothing_learned
    return Model("prospect_theory", parameters, response, lambda params: (), predict, update, inputs)
