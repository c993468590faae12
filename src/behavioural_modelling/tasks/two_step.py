r"""The two-step task: a first choice leads to one of two planets, and there a second choice pays."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .. import _checks
from ..models import Trial, _pickling
from . import _parts
from .task import Task

__all__ = ["two_step"]


def two_step(
    n_trials: int,
    *,
    common: float = 0.7,
    sd: float = 0.025,
    bounds: tuple[float, float] = (0.25, 0.75),
    payoffs: tuple[float, float] = (0.0, 1.0),
) -> Task:
    r"""The two-step task, which tells planning from habit: two choices a trial, of which the second pays.

    .. math::
        P(\text{planet} = 1 \mid a) = \begin{cases} p_c & a = 0 \\ 1 - p_c & a = 1 \end{cases}

    Action 0 leads to planet 1 with the common probability :math:`p_c`, else to planet 2; action 1 the other
    way round. On the planet each action pays with a probability of its own. All four probabilities then walk
    as in `restless_bandit`, each by itself, from where they were drawn evenly within the bounds.

    A trial is two rows of the task, one per choice. Row 2k is the first stage of trial k, row 2k + 1 is its
    second: of an array with one column per row, such as the choices, `[:, 0::2]` are the first stages and
    `[:, 1::2]` the second. Each row shows two inputs, int32, by which a model tells them apart: "stage", 0 at
    the first stage and 1 at the second; and "planet", 0 at the first stage, then 1 or 2.

    The outcome of a first stage is 0 for both actions, whatever the payoffs: nothing is paid yet, so a model
    should not learn from it as from a missed reward. The outcome of a second stage is what each action of
    this planet pays now. What counts rows, as information criteria do, counts decisions: two per trial.

    The state is the pair of the planet of the coming row, and the probabilities of all planets and actions,
    shape (2, 2).

    Args:
        n_trials: How many trials of two choices, at least 1. The task has twice as many rows.
        common: :math:`p_c`, the probability of the common transition, in [0, 1].
        sd: The standard deviation of a step of the reward probabilities, at least 0.
        bounds: The smallest and the largest reward probability, in [0, 1].
        payoffs: As in `bandit`.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, `common` is no probability, `sd` is negative or not finite, `bounds`
            are not two probabilities in order, or `payoffs` is not two finite numbers.

    Example:
        >>> task = two_step(200)
        >>> task.n_trials, task.n_actions
        (400, 2)
        >>> {name: int(x) for name, x in task.show(task.init(jax.random.key(0)), 0).inputs.items()}
        {'stage': 0, 'planet': 0}

    Source:
        Daw et al. (2011), doi 10.1016/j.neuron.2011.02.027.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    share = _parts.numbers("common", common)
    if share.shape != ():
        _checks.fail("common", "one number", f"shape {share.shape}")
    _checks.in_range("common", share, 0, 1)
    return _two_step(
        n_trials, float(share), *_parts.checked_walk(sd, bounds), _parts.checked_payoffs(payoffs)
    )


@_pickling.cached
def _two_step(n_trials: int, common: float, sd: float, bounds: tuple, payoffs: tuple) -> Task:
    def init(key):
        return jnp.zeros((), jnp.int32), _parts.anywhere(key, (2, 2), bounds)

    def show(state, t):
        planet, _ = state
        return Trial({"stage": (planet > 0).astype(jnp.int32), "planet": planet})

    def respond(key, state, response):
        planet, probabilities = state
        first = planet == 0
        planet_key, pay_key, walk_key = jax.random.split(key, 3)
        # Both stages are computed on every row, so that they have one shape; one of them counts.
        reached = _planet_reached(planet_key, _parts.choice_in(response), common)
        paid = _parts.paid(pay_key, probabilities[jnp.maximum(planet - 1, 0)], payoffs)
        walked = _parts.walked(walk_key, probabilities, sd, bounds)
        outcome = jnp.where(first, 0, paid)
        return outcome, (jnp.where(first, reached, 0), jnp.where(first, probabilities, walked))

    return Task("two_step", 2 * n_trials, 2, init, show, respond)


def _planet_reached(key, choice, common: float):
    """Planet 1 or 2: the one that the choice commonly leads to, or else the other."""
    is_common = jax.random.uniform(key) < common
    return jnp.where(is_common == (choice == 0), 1, 2).astype(jnp.int32)
