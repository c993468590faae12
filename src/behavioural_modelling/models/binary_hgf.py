r"""The binary hierarchical Gaussian filter: how likely something is, and how fast that changes."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from .. import _checks
from ..learning.hgf import UPDATES, binary_hgf_update
from . import _parts, _pickling
from .model import Model, Parameter, Prior
from .responses import categorical, normal

__all__ = ["binary_hgf", "binary_hgf_rating"]

OMEGA_2 = Prior("Normal", (-3.0, 2.0))
ON_LOG_ODDS = Prior("LogNormal", (math.log(2), 1.0))
RATING_SD = Prior("LogNormal", (math.log(0.15), 0.75))

SIGMOIDS = ("unit_square", "softmax")


def binary_hgf(
    levels: int = 3,
    *,
    sigmoid: str = "unit_square",
    update: str = "ehgf",
    theta: float | str = 0.05,
    kappa: float | str = 1.0,
    threshold: float = 0.0,
    initial_means: tuple[float, float] = (0.0, 0.0),
    initial_precisions: tuple[float, float] = (1.0, 1.0),
) -> Model:
    r"""Binary hierarchical Gaussian filter for two actions of which one at a time is right.

    .. math::
        \hat\mu_1 = s(\mu_2), \qquad \mu_2 \leftarrow \mu_2 + \frac{u - \hat\mu_1}{\pi_2}, \qquad
        \pi_2 \leftarrow \frac{1}{1/\pi_2 + e^{\kappa \mu_3 + \omega_2}} + \hat\mu_1 (1 - \hat\mu_1)

    .. math::
        P(1) = \frac{\hat\mu_1^\zeta}{\hat\mu_1^\zeta + (1 - \hat\mu_1)^\zeta} \quad [\mathtt{unit\_square}],
        \qquad P(1) = s(\zeta\, (2 \hat\mu_1 - 1)) \quad [\mathtt{softmax}]

    :math:`\mu_3` follows how much faster or slower :math:`\mu_2` moves than was expected; it moves by
    :math:`\vartheta`, and all equations are in `learning.hgf.binary_hgf_update`. With two levels there is no
    :math:`\mu_3`.

    The belief :math:`\hat\mu_1` is about the input :math:`u`: 1 if action 1 paid or action 0 did not, and 0
    if action 0 paid or action 1 did not, as if exactly one of the two were right on every trial. An outcome
    above the threshold is paid. It is for prediction tasks as well: the choice is what is predicted, and pays
    where it comes true.

    Parameters, in this order:

    - `omega_2`, any number: the logarithm of the variance that the log-odds :math:`\mu_2` gain in a trial,
      where :math:`\mu_3` is 0.
    - `theta` in [0, 1], only where it is "free" and there are three levels. A few hundred choices tell little
      of it: in simulations its estimates hardly follow the true values (rank correlations of .1 to .25).
    - `kappa` in [0, 1], only where it is "free" and there are three levels. At 0 the model is that of two
      levels. Choices tell still less of it.
    - `inverse_temperature` of at least 0, :math:`\zeta`, a pure number. With "unit_square" it multiplies the
      log-odds: 1 matches probabilities. With "softmax" it multiplies the difference of the probabilities.

    The default priors say that nineteen in twenty people have an `omega_2` between -7 and 1, which in the
    long run moves :math:`\hat\mu_1` by 0.015 to 0.5 of the prediction error, and an inverse temperature of
    the log-odds between 0.3 and 14. The state is mean and precision of each level. A `Trace` tells `values`
    (the chance that each action pays), `prediction_errors` (of the chosen action), `log_odds`
    (:math:`\mu_2`), `precisions` (:math:`\pi_2`) and, with three levels, `volatilities` (:math:`\mu_3`), as
    they were before the outcome.

    Args:
        levels: 2 or 3.
        sigmoid: "unit_square" or "softmax": the first or the second way from belief to choice.
        update: How :math:`\mu_3` moves: "ehgf" or "standard", as in `learning.hgf.binary_hgf_update`.
        theta: :math:`\vartheta`, the variance that :math:`\mu_3` gains in a trial: a number in [0, 1], or
            "free".
        kappa: :math:`\kappa`, how strongly the third level acts on the second: a number in (0, 1], or "free".
        threshold: An outcome above this is paid, one of at most this is not. 0 is for outcomes of 0 and 1 and
            for those of -1 and +1.
        initial_means: :math:`\mu_2` and :math:`\mu_3` before the first trial.
        initial_precisions: :math:`\pi_2` and :math:`\pi_3` before the first trial, above 0.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `levels` is neither 2 nor 3, `sigmoid` or `update` is unknown, `theta` is neither in
            [0, 1] nor "free", `kappa` neither in (0, 1] nor "free", `threshold` is not finite, or what is
            initial is not two finite numbers, precisions above 0.

    Example:
        >>> [p.name for p in binary_hgf().parameters], [p.name for p in binary_hgf(theta="free").parameters]
        (['omega_2', 'inverse_temperature'], ['omega_2', 'theta', 'inverse_temperature'])

    Source:
        Mathys et al. (2011), doi 10.3389/fnhum.2011.00039; Mathys et al. (2014),
        doi 10.3389/fnhum.2014.00825.
    """
    if sigmoid not in SIGMOIDS:
        _checks.fail("sigmoid", f"one of {', '.join(SIGMOIDS)}", repr(sigmoid))
    belief = _checked_belief(levels, update, theta, kappa, initial_means, initial_precisions)
    return _binary_hgf(sigmoid, _parts._checked_number("threshold", threshold), *belief)


@_pickling.cached
def _binary_hgf(
    sigmoid: str,
    threshold: float,
    levels: int,
    update: str,
    theta: float | str,
    kappa: float | str,
    initial_means: tuple,
    initial_precisions: tuple,
) -> Model:
    belief = levels, update, theta, kappa, initial_means, initial_precisions
    parameters, init, moved = _filter(*belief)
    prior = ON_LOG_ODDS if sigmoid == "unit_square" else _parts.INVERSE_TEMPERATURE
    zeta = Parameter("inverse_temperature", 0, prior=prior)

    def predict(params, state, trial):
        # The logit of the unit-square sigmoid of a probability is the log-odds, multiplied.
        difference = state[0] if sigmoid == "unit_square" else 2 * jax.nn.sigmoid(state[0]) - 1
        return jnp.stack([jnp.zeros_like(difference), params["inverse_temperature"] * difference])

    def learn(params, state, trial, chosen, outcome):
        one = chosen[1] != 0
        paid = jnp.where(one, outcome[1], outcome[0]) > threshold
        updated, (prediction, error) = moved(params, state, (paid == one).astype(state[0].dtype))
        told = {
            "values": jnp.stack([1 - prediction, prediction]),
            "prediction_errors": chosen * jnp.stack([-error, error]),
        }
        return updated, told | _told(state)

    parameters = (*parameters, zeta)
    return Model(f"binary_hgf_{levels}", parameters, categorical(2), init, predict, learn)


def binary_hgf_rating(
    levels: int = 3,
    *,
    update: str = "ehgf",
    theta: float | str = 0.05,
    kappa: float | str = 1.0,
    threshold: float = 0.0,
    initial_means: tuple[float, float] = (0.0, 0.0),
    initial_precisions: tuple[float, float] = (1.0, 1.0),
) -> Model:
    r"""Binary hierarchical Gaussian filter for ratings of how likely the event is that may come now.

    .. math::
        r \sim \mathcal{N}(\hat\mu_1, \sigma_r^2), \qquad \hat\mu_1 = s(\mu_2)

    The belief :math:`\hat\mu_1` is about the input :math:`u`, 1 where the outcome is above the threshold. It
    is learned as in `binary_hgf`. The response is a rating between 0 and 1, such as how likely a shock is
    said to be; the outcome is what came.

    Parameters: `omega_2`, `theta` and `kappa` as in `binary_hgf`; `rating_sd` above 0, :math:`\sigma_r`. A
    `Trace` tells `values` (:math:`\hat\mu_1`), `prediction_errors`, and the rest as in `binary_hgf`.

    Args:
        levels: As in `binary_hgf`.
        update: As in `binary_hgf`.
        theta: As in `binary_hgf`.
        kappa: As in `binary_hgf`.
        threshold: As in `binary_hgf`.
        initial_means: As in `binary_hgf`.
        initial_precisions: As in `binary_hgf`.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `binary_hgf`.

    Example:
        >>> [p.name for p in binary_hgf_rating(2).parameters]
        ['omega_2', 'rating_sd']

    Source:
        Mathys et al. (2014), doi 10.3389/fnhum.2014.00825.
    """
    belief = _checked_belief(levels, update, theta, kappa, initial_means, initial_precisions)
    return _binary_hgf_rating(_parts._checked_number("threshold", threshold), *belief)


@_pickling.cached
def _binary_hgf_rating(
    threshold: float,
    levels: int,
    update: str,
    theta: float | str,
    kappa: float | str,
    initial_means: tuple,
    initial_precisions: tuple,
) -> Model:
    belief = levels, update, theta, kappa, initial_means, initial_precisions
    parameters, init, moved = _filter(*belief)
    sd = Parameter("rating_sd", 0, above=True, prior=RATING_SD)

    def predict(params, state, trial):
        return jax.nn.sigmoid(state[0]), params["rating_sd"]

    def learn(params, state, trial, rated, outcome):
        updated, (prediction, error) = moved(params, state, (outcome > threshold).astype(state[0].dtype))
        return updated, {"values": prediction, "prediction_errors": error} | _told(state)

    return Model(f"binary_hgf_rating_{levels}", (*parameters, sd), normal(), init, predict, learn)


def _filter(
    levels: int, update: str, theta: float | str, kappa: float | str, means: tuple, precisions: tuple
) -> Any:
    """What beliefs are learned by: the parameters, `init`, and the function of one observation."""
    third = {"theta": theta, "kappa": kappa} if levels == 3 else {}
    free = [_parts.share(name) for name, x in third.items() if x == _parts.FREE]

    def init(params):
        dtype = jnp.result_type(*params.values())
        start = (means[0], precisions[0], means[1], precisions[1])[: 2 * levels - 2]
        return tuple(jnp.asarray(x, dtype) for x in start)

    def moved(params, state, observation):
        known = {name: params.get(name, x) for name, x in third.items()}
        return binary_hgf_update(state, observation, params["omega_2"], **known, update=update)

    return (Parameter("omega_2", -math.inf, prior=OMEGA_2), *free), init, moved


def _told(state: tuple) -> dict[str, Any]:
    """What a trace tells of the beliefs."""
    return dict(zip(("log_odds", "precisions", "volatilities"), state, strict=False))


def _checked_belief(levels: Any, update: Any, theta: Any, kappa: Any, means: Any, precisions: Any) -> tuple:
    """What a filter is made from, in one form."""
    if isinstance(levels, bool) or levels not in (2, 3):
        _checks.fail("levels", "2 or 3", repr(levels))
    if update not in UPDATES:
        _checks.fail("update", f"one of {', '.join(UPDATES)}", repr(update))
    theta = _share_or_free("theta", theta, "a number in [0, 1]")
    kappa = _share_or_free("kappa", kappa, "a number above 0 of at most 1")
    if kappa == 0:
        _checks.fail("kappa", "a number above 0 (two levels are the model without the third)", kappa)
    precision = _two("initial_precisions", precisions)
    if min(precision) <= 0:
        _checks.fail("initial_precisions", "two numbers above 0", precision)
    return int(levels), update, theta, kappa, _two("initial_means", means), precision


def _share_or_free(name: str, x: Any, expected: str) -> float | str:
    """A number from 0 to 1, or "free"."""
    number = x if isinstance(x, str) else _parts._checked_number(name, x)
    if number != _parts.FREE and (isinstance(number, str) or not 0 <= number <= 1):
        _checks.fail(name, f"{expected}, or {_parts.FREE!r}", repr(x))
    return number


def _two(name: str, x: Any) -> tuple[float, float]:
    """Two finite numbers."""
    first, second = _checks.pair(name, x)
    return _parts._checked_number(f"{name}[0]", first), _parts._checked_number(f"{name}[1]", second)
