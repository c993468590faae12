r"""A restless bandit that pays points, whose averages walk and are drawn back to a centre."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numbers
from ..models import _pickling
from . import _parts
from .task import Task

__all__ = ["restless_points"]


def restless_points(
    n_trials: int,
    n_actions: int = 4,
    *,
    decay: float = 0.9836,
    centre: float = 50.0,
    drift_sd: float = 2.8,
    observation_sd: float = 4.0,
    bounds: tuple[float, float] = (0.0, 100.0),
    whole: bool = True,
    start: Numbers | None = None,
) -> Task:
    r"""A bandit that pays points from 0 to 100, whose averages walk at random and are drawn back to a centre.

    .. math::
        \mu_{t+1}(a) = \lambda \mu_t(a) + (1 - \lambda)\, \theta + z_t(a), \qquad
        z_t(a) \sim \mathcal{N}(0, \sigma_d^2), \qquad R_t(a) \sim \mathcal{N}(\mu_t(a), \sigma_o^2)

    Outcomes are rounded to whole points and held within the bounds. They are not scaled: values, temperatures
    and standard deviations of a model are in points here, so a temperature is about a hundred times that of a
    task that pays 0 or 1, and `models.default_priors(model, (0, 100))` are the priors. The state is the
    averages of the coming trial, shape (n_actions,); they are not held within the bounds.

    Args:
        n_trials: How many trials, at least 1.
        n_actions: How many actions, at least 2.
        decay: :math:`\lambda` in [0, 1], how much is left of an average's distance from the centre.
        centre: :math:`\theta`, what the averages are drawn back to, in points.
        drift_sd: :math:`\sigma_d`, the standard deviation of a step, at least 0, in points.
        observation_sd: :math:`\sigma_o`, that of an outcome around the average, at least 0, in points.
        bounds: The smallest and the largest outcome.
        whole: Whether outcomes are rounded to whole points.
        start: The averages on the first trial: a number, or one per action. None: drawn for each subject anew
            from where they are in the long run, :math:`\mathcal{N}(\theta, \sigma_d^2 / (1 - \lambda^2))`.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, fewer than 2 actions, `decay` is outside [0, 1], a standard
            deviation is below 0, a number is not finite, `bounds` are not in order, or `start` is not one
            number per action, or is None with a decay of 1, where there is no long run.

    Example:
        >>> task = restless_points(300, start=[60.0, 20.0, 50.0, 40.0])
        >>> outcome, state = task.respond(jax.random.key(1), task.init(jax.random.key(0)), 0)
        >>> outcome.shape, bool((outcome == outcome.round()).all())
        ((4,), True)

    Source:
        Daw et al. (2006), doi 10.1038/nature04766.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    n_actions = _checks.size("n_actions", n_actions, minimum=2)
    decay = _one("decay", decay, 0, 1)
    low, high = _parts.checked_pair("bounds", bounds)
    if low >= high:
        _checks.fail("bounds", "two numbers of points, the smaller first", (low, high))
    if start is None and decay == 1:
        _checks.fail("start", "the averages on the first trial, since at a decay of 1 they go anywhere", None)
    if start is not None:
        start = _parts.per_action("start", start, n_actions, (-np.inf, np.inf))
    sds = _one("drift_sd", drift_sd, 0), _one("observation_sd", observation_sd, 0)
    return _restless_points(
        n_trials, n_actions, decay, _one("centre", centre), *sds, (low, high), bool(whole), start
    )


@_pickling.cached
def _restless_points(
    n_trials, n_actions, decay, centre, drift_sd, observation_sd, bounds, whole, start
) -> Task:
    def init(key):
        if start is not None:
            return jnp.asarray(start)
        return centre + drift_sd / np.sqrt(1 - decay**2) * jax.random.normal(key, (n_actions,))

    def respond(key, averages, response):
        pay_key, walk_key = jax.random.split(key)
        outcome = averages + observation_sd * jax.random.normal(pay_key, (n_actions,))
        outcome = jnp.clip(jnp.round(outcome) if whole else outcome, *bounds)
        walked = averages + (1 - decay) * (centre - averages)
        return outcome, walked + drift_sd * jax.random.normal(walk_key, (n_actions,))

    return Task("restless_points", n_trials, n_actions, init, _parts.nothing_shown, respond)


def _one(name: str, x: Numbers, lower: float = -np.inf, upper: float = np.inf) -> float:
    """One finite number within its bounds."""
    number = _parts.numbers(name, x)
    if number.shape != ():
        _checks.fail(name, "one number", f"shape {number.shape}")
    _checks.in_range(name, number, lower, upper)
    return float(number)
