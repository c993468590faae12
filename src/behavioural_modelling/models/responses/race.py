r"""A choice with its response time: a race between accumulators of evidence, one for each action.

At time :math:`t` an accumulator is spread normally with standard deviation :math:`\sqrt t`. Measured in that,
two numbers are all that is left: how far its drift has carried it, :math:`m = v\sqrt t`, and how far away its
threshold is, :math:`h = B/\sqrt t`. The log-probability that it has not finished is

.. math:: \log S = \log\Phi(h - m) - \log(1 + o) \qquad o = \frac{R(m + h)}{R(m - h) - R(m + h)}

with Mills' ratio of the normal distribution, :math:`R(x) = \Phi(-x)/\phi(x)`. Written like this it keeps its
digits for the slowest responses, where the usual formula is a difference of two all but equal numbers.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Float

from ... import _checks
from ..._compute import rows
from .. import _pickling
from .response import Response

__all__ = ["wald_race"]

LOG_ROOT_2_PI = 0.5 * math.log(2 * math.pi)

CLOSE = 0.1
"""Up to which `h` the odds are a series. Above it, the difference in them loses little to rounding."""

FAR = 2.5
"""From where on Mills' ratio is a continued fraction. Below it, the error function is exact enough."""


def wald_race(n_actions: int) -> Response:
    r"""A choice with its response time: the action whose accumulator of evidence is the first to finish.

    Each accumulator starts at 0 and drifts at its rate :math:`v_a` until it reaches the threshold :math:`B`.
    Its noise has standard deviation 1 after one unit of time. With :math:`t` the response time less the
    non-decision time, the density of choice :math:`c` is

    .. math::
        p(c, t) = f_c(t) \prod_{a \neq c} S_a(t) \qquad
        f_a(t) = \frac{B}{\sqrt{2 \pi t^3}} \exp\left(-\frac{(B - v_a t)^2}{2t}\right) \qquad
        S_a(t) = \Phi\left(\frac{B - v_a t}{\sqrt t}\right)
            - e^{2 v_a B}\, \Phi\left(-\frac{B + v_a t}{\sqrt t}\right)

    The prediction is a dict: `drifts`, shape (n_actions,), at least 0; `threshold`, a number above 0;
    `non_decision_time`, a number of at least 0. A response is a dict of `choices` and `times`, and `update`
    sees it with the choice one-hot. A `Trace` tells `choices`, `times` and `drifts`.

    A response before the race began, or at no finite time, has a log-density of minus infinity, and slopes
    of 0. With a drift below 0 the formulas hold, but an accumulator finishes with probability
    :math:`e^{2vB}` only: the density sums to less than 1, and a race that nobody finishes is drawn as an
    infinite time.

    Args:
        n_actions: How many actions, at least 1. With one, the response is a simple reaction.

    Returns:
        The response, the same object for the same number.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 1.

    Example:
        >>> response = wald_race(2)
        >>> prediction = {"drifts": jnp.array([2.0, 1.0]), "threshold": 1.0, "non_decision_time": 0.2}
        >>> print(f"{response.log_prob(prediction, {'choices': 0, 'times': 0.7}):.4f}")
        -0.3333

    Source:
        Tillman, Van Zandt & Logan (2020), doi 10.3758/s13423-020-01719-6: the racing diffusion model,
        here without variability of the starting points. Michael, Schucany & Haas (1976), doi
        10.1080/00031305.1976.10479147: how a finishing time is drawn.
    """
    return _wald_race(_checks.size("n_actions", n_actions, minimum=1))


@_pickling.cached
def _wald_race(n_actions: int) -> Response:
    def of_all(prediction):
        # With a drift too few, nobody would be slower than an action that has none.
        if (shape := jnp.shape(prediction["drifts"])) != (n_actions,):
            _checks.fail("model.predict", f"'drifts' of shape ({n_actions},)", f"shape {shape}")
        return prediction

    def encode(response):
        return {"choices": jax.nn.one_hot(response["choices"], n_actions), "times": response["times"]}

    return Response(
        log_prob=lambda prediction, response: _log_density(of_all(prediction), response),
        draw=lambda prediction, uniforms: _drawn(of_all(prediction), uniforms),
        n_uniforms=2 * n_actions,
        encode=encode,
        parts=("choices", "times"),
        n_actions=n_actions,
        on_offer=_on_offer,
        report=lambda prediction: {"drifts": prediction["drifts"]},
    )


def _on_offer(prediction: dict[str, Any], available: Any) -> dict[str, Any]:
    """The race among the available actions alone: the others never finish. None means all."""
    return prediction if available is None else {**prediction, "available": available}


def _log_density(prediction: dict[str, Any], response: dict[str, Any]) -> Float[Array, ""]:
    """The log-density of the winner's time, and the log-probability that all others take longer."""
    drifts = jnp.asarray(prediction["drifts"])
    available = prediction.get("available", np.ones(drifts.shape[-1], bool))
    time = response["times"] - prediction["non_decision_time"]
    possible = (time > 0) & (time < jnp.inf)
    root = jnp.sqrt(jnp.where(possible, time, 1))  # of 0, the slope would be infinite, and then NaN
    h, numbers = prediction["threshold"] / root, jnp.arange(drifts.shape[-1])

    def term(action):
        m, chosen = drifts[action] * root, numbers[action] == response["choices"]
        log_f = jnp.log(h) - 2 * jnp.log(root) - 0.5 * (m - h) ** 2 - LOG_ROOT_2_PI
        log_p = jnp.where(chosen, log_f, _log_survival(m, h))
        return jnp.where(available[action], log_p, jnp.where(chosen, -jnp.inf, 0))

    # Action by action for the reason that `rows` gives, a long row at once.
    actions = range(len(numbers)) if len(numbers) <= rows.WRITTEN_OUT else [slice(None)]
    return jnp.where(possible, sum(jnp.sum(term(action)) for action in actions), -jnp.inf)


def _log_survival(m, h):
    """The log-probability that an accumulator has not finished, for drifts of either sign."""
    back = m < 0
    log_survival = _log_survival_onward(jnp.where(back, -m, m), h)
    # Drifting back, it finishes with probability exp(-k); if it does, it takes as long as drifting on.
    k = jnp.where(back, -2 * m * h, 1)
    return jnp.where(back, jnp.log(-jnp.expm1(-k) + jnp.exp(log_survival - k)), log_survival)


@jax.custom_jvp
def _log_survival_onward(m, h):
    """The same for drifts of at least 0."""
    odds, is_far = _odds(m, h), m - h > FAR
    far, near = jnp.where(is_far, m - h, FAR), jnp.where(is_far, FAR, m - h)
    log_far = _mills(m + h, 0)[0] - jnp.log(jnp.where(is_far, odds, 1)) - 0.5 * far * far - LOG_ROOT_2_PI
    return jnp.where(is_far, log_far, _log_tail(near) - jnp.log1p(odds))


@_log_survival_onward.defjvp
def _log_survival_onward_and_slope(primals, tangents):
    (m, h), (dm, dh) = primals, tangents
    slope = (_mills(m + h, 1)[1][0] + h) * dh - h * dm
    return _log_survival_onward(m, h), 2 * _odds(m, h) * slope


@jax.custom_jvp
def _odds(m, h):
    """R(m + h) / (R(m - h) - R(m + h)), where the difference is a series in h if the two are close."""
    limit = CLOSE * jnp.maximum(1, m / 4)
    close = h <= limit
    log_mills, ratios = _mills(jnp.where(close, m, m - h), 9)
    gap = log_mills - _mills(m + h, 0)[0]
    h_squared, series = jnp.where(close, h, limit) ** 2, 1.0
    for n in (7, 5, 3, 1):  # the terms of h^9 down to h^3, each over the one before it
        series = 1 + h_squared * ratios[n] * ratios[n + 1] / ((n + 1) * (n + 2)) * series
    difference = -jnp.expm1(-jnp.where(close, 1, gap))
    return jnp.exp(-gap) / jnp.where(close, 2 * h * ratios[0] * series, difference)


@_odds.defjvp
def _odds_and_slope(primals, tangents):
    (m, h), (dm, dh) = primals, tangents
    odds = _odds(m, h)
    slope = _mills(m - h, 1)[1][0] * (dm - dh) - _mills(m + h, 1)[1][0] * (dm + dh)
    return odds, odds * (1 + odds) * slope


def _log_tail(x):
    """The log-probability of a normal number above x, which is at most `FAR`."""
    return jnp.log(0.5 * jax.lax.erfc(x / math.sqrt(2)))


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _mills(x, n_ratios):
    r"""The log of Mills' ratio, and the first of the ratios of its derivatives.

    .. math::
        R = \frac{1}{x + \rho_0} \qquad \rho_n = -\frac{R^{(n+1)}}{R^{(n)}} = \frac{n + 1}{x + \rho_{n+1}}

    The recursion is stable from a late ratio back to the first where x is large, and forth where it is not.
    """
    is_far = x > FAR
    far, near = jnp.where(is_far, x, FAR), jnp.where(is_far, FAR, x)
    back = _ratios_back(far, n_ratios)
    log_near = _log_tail(near) + 0.5 * near * near + LOG_ROOT_2_PI
    forth = [jnp.exp(-log_near) - near]
    for n in range(1, n_ratios):
        forth.append(n / forth[-1] - near)
    ratios = [jnp.where(is_far, *both) for both in zip(back[:n_ratios], forth, strict=False)]
    return jnp.where(is_far, -jnp.log(far + back[0]), log_near), ratios


@_mills.defjvp
def _mills_and_slope(n_ratios, primals, tangents):
    (x,), (dx,) = primals, tangents
    log_mills, ratios = _mills(x, n_ratios + 1)
    return (log_mills, ratios[:-1]), (-ratios[0] * dx, [a * (a - b) * dx for a, b in pairwise(ratios)])


def _ratios_back(x, n_ratios):
    """The ratios from the first on, by the continued fraction; the last one solves the recursion nearly."""
    depth = max(n_ratios, 10 if jnp.finfo(x.dtype).bits < 64 else 28)
    root = jnp.sqrt(x * x + 4 * (depth + 1))
    ratios = [0.5 * (root - x) * (1 - 1 / root**2)]
    for n in reversed(range(depth)):
        ratios.append((n + 1) / (x + ratios[-1]))
    return ratios[::-1]


def _drawn(prediction: dict[str, Any], uniforms: Float[Array, "n_uniforms"]) -> dict[str, Array]:
    """The winner of a race and its time, from two random numbers in [0, 1) for each action."""
    drifts, available = jnp.asarray(prediction["drifts"]), prediction.get("available")
    times = _finishing_times(drifts, prediction["threshold"], *uniforms.reshape(2, -1))
    order = jnp.minimum(times, jnp.finfo(times.dtype).max)  # who never finishes comes before who is not there
    if available is not None:
        times, order = (jnp.where(available, x, jnp.inf) for x in (times, order))
    choice = jnp.argmin(order).astype(jnp.int32)
    return {"choices": choice, "times": times.min() + prediction["non_decision_time"]}


def _finishing_times(v, b, uniform, pick):
    """The finishing time of each accumulator; infinite for one that drifts back and never gets there.

    The number y = (b - vt)^2 / t is that of a squared normal number. It leaves an early and a late time; the
    early one is right with probability b / (b + vt). With a drift of 0 it is the only one, b^2 / y.
    """
    uniform = jnp.maximum(uniform, jnp.finfo(uniform.dtype).eps / 2)  # 0 has no finite quantile
    y = ndtri(uniform / 2) ** 2
    speed, finishes = jnp.abs(v), jnp.exp(2 * b * jnp.minimum(v, 0))
    early = 2 * b * b / (2 * b * speed + y + jnp.sqrt(y * (y + 4 * b * speed)))
    late = (b / speed) * (b / (speed * early))
    time = jnp.where(pick * (b + speed * early) < b * finishes, early, late)
    return jnp.where(pick < finishes, time, jnp.inf)
