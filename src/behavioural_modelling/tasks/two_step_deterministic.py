r"""The two-step task without chance on the way: two places to start, and a planet for each choice."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .. import _checks
from ..models import Trial, _pickling
from . import _parts
from .task import Task

__all__ = ["two_step_deterministic"]

MOST = 9
"""The most points that a planet can pay."""


def two_step_deterministic(
    n_trials: int,
    *,
    sd: float = 2.0,
    stakes: tuple[float, float] = (1, 5),
    payoffs: tuple[float, float] = (0.0, 1.0),
) -> Task:
    r"""The two-step task in which planning pays: two places to start from, whose actions lead alike.

    .. math::
        \text{planet} = a + 1, \qquad
        R_t(a) = r_0 + (r_1 - r_0)\, \operatorname{round}(x_{t,a}) / 9, \qquad
        x_{t+1,a} = x_{t,a} + \mathcal{N}(0, \sigma^2)

    One choice a trial. It starts at one of two places, each with two actions of its own. In both of them
    action 0 leads to planet 1 and action 1 to planet 2, always. A planet pays from 0 to 9 points, which walk
    between reflecting bounds from where they were drawn evenly. Who plans knows at either place what was
    learned at the other; a habit of one place says nothing at the other.

    A trial shows three inputs: "start", 0 or 1, int32; "stake", one of the two stakes, float; and
    "left", int32, the action shown on the left of the screen. All are drawn evenly. The stake multiplies what
    is paid out in the end; the outcomes are points before that.

    The state is the triple of what the coming trial shows, as 0 or 1 each, shape (3,); and both walks,
    shape (2,).

    Args:
        n_trials: How many trials, at least 1.
        sd: :math:`\sigma`, the standard deviation of a step of the walks, in points, at least 0.
        stakes: The lower and the higher stake.
        payoffs: :math:`(r_0, r_1)`, the outcome of no points and that of all 9.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, `sd` is negative or not finite, or `stakes` or `payoffs` are not two
            finite numbers.

    Example:
        >>> task = two_step_deterministic(200)
        >>> sorted(task.show(task.init(jax.random.key(0)), 0).inputs)
        ['left', 'stake', 'start']

    Source:
        Kool, Cushman & Gershman (2016), doi 10.1371/journal.pcbi.1005090; stakes: Kool, Gershman & Cushman
        (2017), doi 10.1177/0956797617708288.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    step = _parts.numbers("sd", sd)
    if step.shape != ():
        _checks.fail("sd", "one number", f"shape {step.shape}")
    _checks.in_range("sd", step, 0)
    pairs = _parts.checked_pair("stakes", stakes), _parts.checked_payoffs(payoffs)
    return _two_step_deterministic(n_trials, float(step), *pairs)


@_pickling.cached
def _two_step_deterministic(n_trials: int, sd: float, stakes: tuple, payoffs: tuple) -> Task:
    def init(key):
        drawn = jax.random.uniform(key, (5,))
        return (drawn[:3] < 0.5).astype(jnp.int32), MOST * drawn[3:]

    def show(state, t):
        start, high, left = state[0]
        stake = jnp.where(high == 1, stakes[1], stakes[0]).astype(state[1].dtype)
        return Trial({"start": start, "stake": stake, "left": left})

    def respond(key, state, response):
        shown_key, walk_key = jax.random.split(key)
        shown = jax.random.bernoulli(shown_key, 0.5, (3,)).astype(jnp.int32)
        outcome = payoffs[0] + (payoffs[1] - payoffs[0]) * jnp.round(state[1]) / MOST
        return outcome, (shown, _parts.walked(walk_key, state[1], sd, (0.0, float(MOST))))

    return Task("two_step_deterministic", n_trials, 2, init, show, respond)
