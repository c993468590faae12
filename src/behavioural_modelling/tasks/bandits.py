r"""Bandits: each action pays by chances of its own, which stay as they are, walk, or go by a context.

The outcome of a trial is a row: what each action would have paid, drawn independently of the others.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numbers
from ..models import Trial, _pickling
from . import _parts
from .task import Task

__all__ = ["bandit", "contextual_bandit", "gaussian_bandit", "restless_bandit"]


def bandit(n_trials: int, probabilities: Numbers, *, payoffs: tuple[float, float] = (0.0, 1.0)) -> Task:
    r"""A bandit whose actions pay with probabilities that stay as they are.

    .. math:: P(R_t(a) = r_1) = p(a), \qquad P(R_t(a) = r_0) = 1 - p(a)

    Args:
        n_trials: How many trials, at least 1.
        probabilities: :math:`p`, how probably each action is rewarded, in [0, 1], shape (n_actions,), for at
            least 2 actions.
        payoffs: :math:`(r_0, r_1)`, what an unrewarded and what a rewarded action pays, such as (-1.0, 1.0).

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, fewer than 2 actions, a probability outside [0, 1], or `payoffs`
            is not two finite numbers.

    Example:
        >>> task = bandit(100, [1.0, 0.0])
        >>> outcome, state = task.respond(jax.random.key(0), task.init(jax.random.key(1)), 0)
        >>> outcome.tolist()
        [1.0, 0.0]
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    return _bandit(n_trials, _parts.checked_probabilities(probabilities), _parts.checked_payoffs(payoffs))


@_pickling.cached
def _bandit(n_trials: int, probabilities: tuple[float, ...], payoffs: tuple[float, float]) -> Task:
    def respond(key, state, response):
        return _parts.paid(key, jnp.asarray(probabilities), payoffs), state

    return Task("bandit", n_trials, len(probabilities), lambda key: (), _parts.nothing_shown, respond)


def gaussian_bandit(n_trials: int, means: Numbers, *, sd: Numbers) -> Task:
    r"""A bandit with graded outcomes, spread normally around a mean of each action.

    .. math:: R_t(a) \sim \mathcal{N}(\mu(a), \sigma(a)^2)

    Args:
        n_trials: How many trials, at least 1.
        means: :math:`\mu`, the mean outcome of each action, shape (n_actions,), for at least 2 actions.
        sd: :math:`\sigma`, the standard deviation, at least 0: a number, or one per action.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, fewer than 2 actions, a mean that is not finite, or `sd` is
            negative, not finite, or not one number per action.

    Example:
        >>> gaussian_bandit(100, [40.0, 60.0], sd=8.0).n_actions
        2

    Source:
        Gershman (2018), doi 10.1016/j.cognition.2017.12.014.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    mean = _parts.row("means", means)
    _checks.finite("means", mean)
    return _gaussian_bandit(
        n_trials, tuple(mean.tolist()), _parts.per_action("sd", sd, mean.size, (0.0, np.inf))
    )


@_pickling.cached
def _gaussian_bandit(n_trials: int, means: tuple[float, ...], sd: tuple[float, ...]) -> Task:
    def respond(key, state, response):
        noise = jax.random.normal(key, (len(means),))
        return jnp.asarray(means) + jnp.asarray(sd) * noise, state

    return Task("gaussian_bandit", n_trials, len(means), lambda key: (), _parts.nothing_shown, respond)


def restless_bandit(
    n_trials: int,
    n_actions: int,
    *,
    sd: float = 0.025,
    bounds: tuple[float, float] = (0.25, 0.75),
    start: Numbers | None = None,
    payoffs: tuple[float, float] = (0.0, 1.0),
) -> Task:
    r"""A bandit whose reward probabilities walk at random, each by itself, whatever is chosen.

    .. math::
        p_{t+1}(a) = \operatorname{reflect}(p_t(a) + z_t(a)), \qquad z_t(a) \sim \mathcal{N}(0, \sigma^2)

    A step that would leave the bounds is reflected at them: from .74 a step of .03 leads to .73, not to .77.
    The state is the probabilities of the coming trial, shape (n_actions,).

    Args:
        n_trials: How many trials, at least 1.
        n_actions: How many actions, at least 2.
        sd: :math:`\sigma`, the standard deviation of a step, at least 0.
        bounds: The smallest and the largest probability, in [0, 1].
        start: The probabilities on the first trial, within the bounds: a number, or one per action. None:
            each is drawn evenly from within the bounds, for each subject anew.
        payoffs: As in `bandit`.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, fewer than 2 actions, `sd` is negative or not finite, `bounds` are
            not two probabilities in order, `start` is outside them or not one number per action, or
            `payoffs` is not two finite numbers.

    Example:
        >>> task = restless_bandit(200, 2, start=[0.3, 0.6])
        >>> [f"{p:.1f}" for p in task.init(jax.random.key(0))]
        ['0.3', '0.6']

    Source:
        Daw et al. (2011), doi 10.1016/j.neuron.2011.02.027, for the walk.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    n_actions = _checks.size("n_actions", n_actions, minimum=2)
    sd, bounds = _parts.checked_walk(sd, bounds)
    if start is not None:
        start = _parts.per_action("start", start, n_actions, bounds)
    return _restless_bandit(n_trials, n_actions, sd, bounds, start, _parts.checked_payoffs(payoffs))


@_pickling.cached
def _restless_bandit(n_trials, n_actions, sd, bounds, start, payoffs) -> Task:
    def init(key):
        return _parts.anywhere(key, (n_actions,), bounds) if start is None else jnp.asarray(start)

    def respond(key, probabilities, response):
        pay_key, walk_key = jax.random.split(key)
        outcome = _parts.paid(pay_key, probabilities, payoffs)
        return outcome, _parts.walked(walk_key, probabilities, sd, bounds)

    return Task("restless_bandit", n_trials, n_actions, init, _parts.nothing_shown, respond)


def contextual_bandit(
    n_trials: int, probabilities: Numbers, *, payoffs: tuple[float, float] = (0.0, 1.0)
) -> Task:
    r"""A bandit whose probabilities go by a context, which is shown before the choice.

    .. math:: P(R_t(a) = r_1) = p(s_t, a)

    On each trial one context is drawn, each as probably as any other. It is shown as the input "context", an
    int32 in [0, n_contexts). The state is the context of the coming trial.

    Args:
        n_trials: How many trials, at least 1.
        probabilities: :math:`p`, how probably each action is rewarded in each context, in [0, 1], shape
            (n_contexts, n_actions), for at least 2 actions.
        payoffs: As in `bandit`.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: As in `bandit`; or if `probabilities` is no table with a row per context.

    Example:
        >>> task = contextual_bandit(100, [[0.8, 0.2], [0.2, 0.8]])
        >>> list(task.show(task.init(jax.random.key(0)), 0).inputs)
        ['context']
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    table = _parts.numbers("probabilities", probabilities)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        expected = "shape (n_contexts, n_actions), with at least 2 actions"
        _checks.fail("probabilities", expected, f"shape {table.shape}")
    _checks.in_range("probabilities", table, 0, 1)
    return _contextual_bandit(n_trials, tuple(map(tuple, table.tolist())), _parts.checked_payoffs(payoffs))


@_pickling.cached
def _contextual_bandit(n_trials, probabilities, payoffs) -> Task:
    def draw(key):
        return jax.random.randint(key, (), 0, len(probabilities), dtype=jnp.int32)

    def respond(key, context, response):
        pay_key, context_key = jax.random.split(key)
        return _parts.paid(pay_key, jnp.asarray(probabilities)[context], payoffs), draw(context_key)

    def show(context, t):
        return Trial({"context": context})

    return Task("contextual_bandit", n_trials, len(probabilities[0]), draw, show, respond)
